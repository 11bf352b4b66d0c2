import { scenario } from '../scenario.ts'

export const mariadbConnectErrors = scenario({
  name: 'mariadb-connect-errors',
  group: 'positive',
  tool: 'MariaDB 10.11 max_connect_errors=30: connections without a login, then the host is blocked',
  real: 'third-party',
  needs: ['mariadbd', 'mariadb-install-db', 'mariadb'],
  ports: '22,80,3306',
  profile: 'accompany',
  long: true,
  accompanySeconds: 60,
  target: `
    listeners 22 80
    mariadb_server --max-connect-errors=30
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    for (let round = 0; round < 12; round++) await attack('hold', 3306, 4, 0)
  },
  truth: {
    list: {
      on: 'target',
      run: `mariadb -S /run/lab.sock -N -e 'select ip from performance_schema.host_cache where count_host_blocked_errors > 0'`,
    },
  },
  expect: { ports: [3306], verdicts: ['app_blocked'], classes: ['ips'], mechanisms: ['source_ban'] },
})
