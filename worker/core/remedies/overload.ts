import type { RemediesOf, RemedyFor } from './remedy.ts'

/** The target or its limits gave way, for everyone: no allowlist helps. */
export const OVERLOAD: RemediesOf<'overload'> = {
  openssh_max_startups: ({ near, slower }) => ({
    title: 'Give sshd more room for logins under way',
    happened: 'More connections without a login were open than `MaxStartups` allows, so sshd turned everybody away.',
    confirm: `\`journalctl -u ssh -u sshd | grep MaxStartups\`${near}; \`sshd -T | grep -i maxstartups\` shows the limit.`,
    change: ['In `/etc/ssh/sshd_config`: `MaxStartups 60:30:200`, then `sshd -t && systemctl reload ssh`.', slower],
    undo: 'put the former value back (default 10:30:100) and reload.',
    limit: '`MaxStartups` counts all sources together and knows no exemption.',
    formats: [],
  }),
  accept_queue_overflow: ({ port, slower }) => ({
    title: 'Let the service take its connections faster',
    happened: `The queue of new connections of port ${port} was full: the service did not accept them fast enough.`,
    confirm: `\`ss -ltn 'sport = :${port}'\` under load: Recv-Q at Send-Q; \`nstat -az TcpExtListenOverflows TcpExtListenDrops\` grows.`,
    change: [
      'Find out why the service hangs; raise its backlog, and `sysctl -w net.core.somaxconn=4096` if that is lower.',
      slower,
    ],
    undo: 'put backlog and `net.core.somaxconn` back.',
    formats: [],
  }),
  worker_limit: ({ port, near, slower }) => ({
    title: 'Give the service more workers',
    happened: `All workers or connections of the service on port ${port} were taken.`,
    confirm: `Its log${near}: Apache “server reached MaxRequestWorkers”, nginx “worker_connections are not enough”, MySQL “Too many connections”, xinetd or socat their limit of children.`,
    change: [
      'Raise that limit as far as memory allows, and shorten the time that an idle connection may hold a worker.',
      slower,
    ],
    undo: 'put the former value back and reload.',
    formats: [],
  }),
  state_table_full: ({ slower }) => ({
    title: 'Make the firewall’s state table larger',
    happened: 'A firewall on the way had no room for more connections and dropped new ones from everybody.',
    confirm:
      '`dmesg | grep "table full"`, `sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max`; pf: `pfctl -si`. The box before the host has a gauge of its own.',
    change: ['`sysctl -w net.netfilter.nf_conntrack_max=262144`; pf: `set limit states 500000`.', slower],
    undo: 'put the former limit back.',
    formats: [],
  }),
  link_saturated: ({ target, near, slower }) => ({
    title: 'Leave the line some air',
    happened: `The line to ${target} was full, so packets of everybody were lost.`,
    confirm: `Compare the traffic graph of the uplink${near} with its speed; \`ip -s link\` shows drops.`,
    change: [slower, 'Or scan when there is less traffic: the target’s `schedule` sets the time.'],
    undo: null,
    formats: [],
  }),
  crashed_by_scan: ({ port, near }) => ({
    title: 'Find out why the scan made the service fall over',
    happened: `The service on port ${port} ended while it was scanned, for everyone.`,
    confirm: `\`journalctl -u SERVICE\`${near}, \`coredumpctl list\`, and \`dmesg | grep -i 'killed process'\` for lack of memory.`,
    change: [
      'Start it again and update it: what a harmless request can bring down, anyone can, so it is a finding in itself.',
      'Until then scan this target with the profile `discovery`, or leave the port out.',
    ],
    undo: 'set the target’s profile and ports back.',
    formats: [],
  }),
}

export const anyOverload: RemedyFor = ({ port, near, slower }) => ({
  title: 'The service gave way under the scan',
  happened: `Port ${port} stopped answering everybody while it was scanned.`,
  confirm: `The log of the service${near} names the limit (workers, connections, memory); \`ss -ltn 'sport = :${port}'\` under load shows a full queue, \`dmesg | grep -iE 'table full|killed process'\` a full state table or lack of memory.`,
  change: [
    'Raise that limit: Apache `MaxRequestWorkers`, nginx `worker_connections`, sshd `MaxStartups`, the backlog with `net.core.somaxconn`, `net.netfilter.nf_conntrack_max`.',
    slower,
  ],
  undo: 'put the former value back.',
  formats: [],
})
