import { scenario } from '../scenario.ts'

export const mariadbConnectErrors = scenario({
  name: 'mariadb-connect-errors',
  group: 'positive',
  tool: 'MariaDB 10.11 max_connect_errors=30: connections without a login, then the host is blocked',
  real: 'third-party',
  needs: ['mariadbd', 'mariadb-install-db', 'mariadb'],
  ports: '22,80,3306',
  profile: 'accompany',
  accompanySeconds: 60,
  target: `
    listeners 22 80
    data=/var/lib/lab-mysql
    mariadb-install-db --no-defaults --user=root --datadir=$data --auth-root-authentication-method=normal > "$LOG/db.out" 2>&1
    mariadbd --no-defaults --user=root --datadir=$data --socket=/run/lab.sock --bind-address=0.0.0.0 \\
      --max-connect-errors=30 --performance-schema=ON > "$LOG/mariadb.log" 2>&1 &
    wait_ports 3306
    mariadb -S /run/lab.sock -e "create user app@'%' identified by 'labsecret'"
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    for (let round = 0; round < 12; round++) await attack('hold', 3306, 4, 0)
  },
  truth: {
    list: {
      on: 'target',
      run: `mariadb -S /run/lab.sock -N -e 'select ip from performance_schema.host_cache where sum_connect_errors > 30'`,
    },
  },
  expect: { ports: [3306], verdicts: ['app_blocked'], classes: ['ips'], mechanisms: ['source_ban'] },
})
