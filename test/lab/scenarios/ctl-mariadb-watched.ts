import { scenario } from '../scenario.ts'

export const ctlMariadbWatched = scenario({
  name: 'ctl-mariadb-watched',
  group: 'control',
  tool: 'MariaDB 10.11 max_connect_errors=30, watched for 110 s by nobody but us',
  real: 'third-party',
  needs: ['mariadbd', 'mariadb-install-db', 'mariadb'],
  ports: '22,80,3306',
  profile: 'accompany',
  long: true,
  // One that was not rationed would be touched 22 times.
  accompanySeconds: 110,
  target: `
    listeners 22 80
    mariadb_server --max-connect-errors=30
  `,
  truth: {
    happened: {
      on: 'target',
      run: `mariadb -S /run/lab.sock -N -e 'select max(sum_connect_errors) < 10 from performance_schema.host_cache'`,
      fits: /^1$/m,
    },
  },
  expect: { ports: [], verdicts: [], classes: [], mechanisms: [] },
})
