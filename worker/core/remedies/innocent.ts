import type { RemediesOf, RemedyFor } from './remedy.ts'

type InnocentClass = 'service_change' | 'path' | 'load_balancer' | 'dns_change' | 'phantom' | 'probe_fault'
const NOTHING = { undo: null, formats: [] } as const

/** Nobody blocks: what happened, and what makes the next scan complete. */
export const INNOCENT: RemediesOf<InnocentClass> = {
  service_stopped: ({ port, near }) => ({
    title: 'Start the service again, or take the port out',
    happened: `The service on port ${port} was stopped; it refuses everybody.`,
    confirm: `\`ss -ltnp 'sport = :${port}'\` shows no listener; \`journalctl -u SERVICE\`${near} who stopped it, and whether the scan came just before.`,
    change: ['Start it (`systemctl start SERVICE`) if it should run; else remove the port from the target.'],
    ...NOTHING,
  }),
  service_restarted: ({ port, near }) => ({
    title: 'Nothing to change: the service was restarted',
    happened: `The service on port ${port} was away for everybody and came back.`,
    confirm: `\`journalctl -u SERVICE\`${near}, or the log of the deployment.`,
    change: ['Move scan or maintenance, so that they do not meet: the target’s `schedule` sets the time.'],
    ...NOTHING,
  }),
  host_down: ({ target, near }) => ({
    title: 'Bring the host back',
    happened: `${target} answered nobody on any port.`,
    confirm: `\`journalctl --list-boots\` and \`last -x | head\` show a reboot${near}; a virtual machine’s console or the provider’s status page the rest.`,
    change: ['Start the host, and find out whether the scan had to do with it: memory and state tables first.'],
    ...NOTHING,
  }),
  one_shot_listener: ({ port }) => ({
    title: 'Leave out a listener that answers once',
    happened: `What listened on port ${port} served one connection and ended.`,
    confirm: `\`ss -ltnp 'sport = :${port}'\` shows nothing now; a transfer tool, a debugger or \`nc -l\` started by hand behaves so.`,
    change: ['If it is no lasting service, remove the port from the target.'],
    ...NOTHING,
  }),
  upstream_outage: ({ target, near }) => ({
    title: 'Nothing to change on the target: its network was away',
    happened: `The network before ${target} could not be reached from anywhere we looked.`,
    confirm: `The provider’s status page and router log${near}; \`mtr -T -P 443 ${target}\` from two other networks ends at the same hop while it lasts.`,
    change: ['Wait until it is over; if it happens at every scan, tell the provider.'],
    ...NOTHING,
  }),
  probe_path: ({ source, near }) => ({
    title: 'Nothing to change on the target: our own path was away',
    happened: `Scanner and sibling lost the target together, and nothing shows that their path was alive.`,
    confirm: `The health of the site of ${source} in the fleet${near}; if the target’s firewall log shows drops of its network at that time, it was a block after all.`,
    change: [
      'Name an anchor for the target (another address near it): next time it tells an outage from a ban on our network.',
    ],
    ...NOTHING,
  }),
  backend_down: ({ port, near }) => ({
    title: 'Bring the dead backend back, or out of the pool',
    happened: `One of several backends behind port ${port} does not answer, so a share of all connections fails.`,
    confirm: `The balancer${near}: HAProxy \`show servers state\`, nginx “while connecting to upstream” in its error log, AWS \`aws elbv2 describe-target-health --target-group-arn ARN\`.`,
    change: ['Repair that backend or take it out, and let the health check do so faster.'],
    ...NOTHING,
  }),
  address_changed: ({ target }) => ({
    title: 'Scan the address that the name has now',
    happened: `The target’s name points elsewhere now, or ${target} serves somebody else.`,
    confirm: `\`dig +short NAME A\` and \`dig +short NAME AAAA\` beside ${target}; compare certificate and host key.`,
    change: [
      'Correct the target if it was given by address; one given by name takes the new address with the next scan.',
    ],
    undo: null,
    limit: 'An address that is no longer yours must not be scanned: prove control again first.',
    formats: [],
  }),
  accepts_everything: ({ target }) => ({
    title: 'Do not trust open ports of this address',
    happened: `${target} accepts connections on ports that nobody uses: something answers for every port.`,
    confirm: `\`nc -vz ${target} 64999\` from outside succeeds; on the host \`ss -ltn\` lists what really listens.`,
    change: [
      'Scan behind the SYN proxy, scrubbing service or honeypot that does so, or have it let the published ranges through.',
    ],
    undo: null,
    limit: 'Until then a scan from outside cannot tell which ports exist.',
    formats: ['plain'],
  }),
  tarpit: ({ target, port }) => ({
    title: 'Leave the tarpit out of the scan',
    happened: `Port ${port} holds connections without ever serving them: a tarpit.`,
    confirm: `On the host: \`ss -ltnp 'sport = :${port}'\` (endlessh and the like), or \`iptables-save | grep TARPIT\` on what stands before ${target}.`,
    change: [`Remove port ${port} from the target, or exempt the published ranges from the tarpit.`],
    undo: 'put the port back, or delete the exemption.',
    formats: ['plain', 'iptables'],
  }),
  port_knocking: ({ port }) => ({
    title: 'A port that opens only after a knock',
    happened: `Port ${port} was open for a moment because the scan happened to knock in the right order.`,
    confirm: '`journalctl -u knockd`, or the rules of the single packet authorisation in use, show the opening.',
    change: ['Scan the service from inside, or allow the published ranges for the scan beside the knock.'],
    undo: 'delete that rule.',
    formats: ['nftables', 'iptables'],
  }),
  probe_egress: ({ source, port }) => ({
    title: 'Open the probe’s own way out',
    happened: `The probe at ${source} cannot reach port ${port} anywhere: its own network filters it.`,
    confirm: `\`portwitness doctor\` on the probe, and a beacon on port ${port} that it cannot reach.`,
    change: [`Have the probe’s provider open outgoing port ${port} (often 25), or scan from another site.`],
    ...NOTHING,
  }),
  probe_overloaded: ({ source }) => ({
    title: 'Give the probe less to do at once',
    happened: `The probe at ${source} was too busy to be believed, so its sightings were set aside.`,
    confirm: '`portwitness probes` shows its lag and open files.',
    change: ['Lower the rate of its scans, start fewer at once, or raise its limit of open files.'],
    ...NOTHING,
  }),
}

export const anyServiceChange: RemedyFor = ({ port, near }) => ({
  title: 'The service went away for everyone',
  happened: `Port ${port} stopped answering everybody, and nothing points at the scan.`,
  confirm: `\`ss -ltnp 'sport = :${port}'\` on the host, and \`journalctl\`${near}: stopped, restarted, deployed or rebooted?`,
  change: ['Start it again if it should run; else remove the port from the target.'],
  ...NOTHING,
})

export const anyPath: RemedyFor = ({ target, near }) => ({
  title: 'The way between scanner and target was interrupted',
  happened: `Packets between scanner and ${target} were lost on the way; the target is not to blame.`,
  confirm: `Status pages of both providers${near}, and \`mtr -T -P 443 ${target}\` while it lasts.`,
  change: ['Nothing on the target is to be changed.'],
  ...NOTHING,
})

export const anyProbeFault: RemedyFor = ({ source }) => ({
  title: 'The probe itself was at fault',
  happened: `The probe at ${source} could not be trusted while it looked.`,
  confirm: '`portwitness probes` shows its health, `portwitness doctor` on its machine the reason.',
  change: ['Put the probe right, or scan from another one.'],
  ...NOTHING,
})

export const unexplained: RemedyFor = ({ source, port, near }) => ({
  title: 'The scanner is shut out, and nothing says by what',
  happened: `Port ${port} is kept from ${source}; what we saw fits no known defence.`,
  confirm: `Search firewall, host and service logs for ${source}${near}; \`tcpdump -ni any host ${source}\` during a retest shows whether its packets arrive.`,
  change: [
    'Where packets arrive and are dropped, allow the published ranges on the host; where none arrives, in the firewall before it or at the provider.',
  ],
  undo: 'delete that rule.',
  formats: ['nftables', 'palo-alto-edl', 'plain', 'csv'],
})
