import { scenario } from '../scenario.ts'

export const tigervncBlacklist = scenario({
  name: 'tigervnc-blacklist',
  group: 'positive',
  tool: 'TigerVNC 1.12.0: five connections without a login, then “Too many security failures”',
  real: 'third-party',
  needs: ['Xtigervnc', 'tigervncpasswd'],
  ports: '22,80,5900',
  profile: 'accompany',
  accompanySeconds: 60,
  target: `
    listeners 22 80
    echo labsecret | tigervncpasswd -f > /etc/lab.vnc
    # Its lock and socket would lie in a folder that all containers of the machine share.
    Xtigervnc :0 -nolock -nolisten unix -rfbport 5900 -SecurityTypes VncAuth -PasswordFile /etc/lab.vnc -BlacklistTimeout 600 > "$LOG/vnc.log" 2>&1 &
    wait_ports 5900
  `,
  async meanwhile({ progress, seconds, attack }) {
    await progress(/ready: start your scanner/)
    await seconds(3)
    await attack('hold', 5900, 6, 1)
  },
  truth: { list: { on: 'target', run: `grep -o 'blacklisted: [0-9.]*' "$LOG/vnc.log"` } },
  expect: { ports: [5900], verdicts: ['app_blocked'], classes: ['ips'], mechanisms: ['source_ban'] },
})
