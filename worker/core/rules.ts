/** Every rule that evidence can name: what it says, and where it comes from. `/rules` shows this list. */
export interface Rule {
  id: string
  sentence: string
  source: string
}

const METHOD = 'Sequential tests: Wald 1945; Grünwald, Shafer, Ramdas and Vovk on test martingales'

export const RULE_LIST = [
  {
    id: 'PHA-1',
    sentence: 'Random high ports of the address accept too: the host accepts everything.',
    source: 'Izhikevich et al., LZR, USENIX Security 2021',
  },
  {
    id: 'SEL-1',
    sentence: 'Only the scanning address lost the port: not loss, not the path, E ≥ 1000 over at least 25 s.',
    source: METHOD,
  },
  {
    id: 'SEL-2',
    sentence: 'Only the scanning address lost the port so far: not loss, not the path, E ≥ 100.',
    source: METHOD,
  },
  {
    id: 'SEL-3',
    sentence:
      'Another port of the same address is proved blocked for the scanner over the same seconds, and this one shows the same picture.',
    source: 'Mean of e-values over the endpoints of an address: Vovk and Wang 2021',
  },
  {
    id: 'SEL-4',
    sentence:
      'The service counts touches, so the ration of touches is spent; what it allowed points at the scanner alone (E ≥ 20).',
    source: METHOD,
  },
  {
    id: 'SEL-5',
    sentence: 'Only the scanning address lost the port, but no sibling could show that the path is not to blame.',
    source: METHOD,
  },
  {
    id: 'SEL-6',
    sentence:
      'Only the scanning address lost the port (E ≥ 1000), but nothing of the target’s side answered it meanwhile: an outage of its own route that its sibling does not share is not ruled out. An anchor near the target would settle it.',
    source: METHOD,
  },
  {
    id: 'SEL-7',
    sentence:
      'Only the scanning address lost the port (E ≥ 1000), but a balancer that sends this address to a dead backend would look the same.',
    source: 'Portwitness method: a balancer with a dead backend',
  },
  {
    id: 'SEL-8',
    sentence:
      'Only the scanning address lost the port, three looks running and more, and then reached it again: a short block.',
    source: METHOD,
  },
  {
    id: 'APP-1',
    sentence: 'The service answers, and its answer refuses the scanner, while others get what they got before.',
    source: 'OONI ts-017; Jones et al., IMC 2014',
  },
  {
    id: 'APP-2',
    sentence:
      'Requests shaped like attacks are turned away, plain ones of the same source are served before and after: something reads what is asked.',
    source: 'OWASP Core Rule Set; Portwitness method: requests of both kinds in turn',
  },
  {
    id: 'RNG-1',
    sentence:
      'Scanner and sibling lost the port together while others reach it, and the target’s side still answers them: the path is alive.',
    source: METHOD,
  },
  {
    id: 'PTH-1',
    sentence:
      'Scanner and sibling lost the port together while others reach it, and nothing shows their path to be alive.',
    source: METHOD,
  },
  {
    id: 'BEF-1',
    sentence: 'Others reach the port, the scanner and its sibling never did.',
    source: 'Wan et al., On the Origin of Scanning, IMC 2020',
  },
  { id: 'DWN-1', sentence: 'Everybody lost the port, round after round.', source: METHOD },
  { id: 'DEG-1', sentence: 'The scanner fails far more often than others, but not always.', source: METHOD },
  {
    id: 'DEG-2',
    sentence:
      'The scanner is let through slowly and turned away when it asks fast, while others are let through in the same second.',
    source:
      'Portwitness method: slow and fast touches compared; universal inference: Wasserman, Ramdas and Balakrishnan 2020',
  },
  {
    id: 'DEG-3',
    sentence:
      'The host lets the scanner through slowly and turns it away when it asks fast, as bursts on its ports show, while others are let through in the same second.',
    source:
      'Portwitness method: slow and fast touches compared over the ports of a host; universal inference: Wasserman, Ramdas and Balakrishnan 2020',
  },
  { id: 'TRA-1', sentence: 'The scanner reached the port again, round after round.', source: METHOD },
  { id: 'OPN-1', sentence: 'The port answered the scanner throughout.', source: METHOD },
  { id: 'WIT-0', sentence: 'No witness had seen the port open before: nobody can say who lost it.', source: METHOD },
  { id: 'INC-1', sentence: 'The rounds ended before any test gave an answer.', source: METHOD },
  { id: 'INC-2', sentence: 'The scanner stayed away before the port could be looked at again.', source: METHOD },
  {
    id: 'INC-3',
    sentence: 'Everybody failed, but no witness was rested: the fleet itself may be on a list.',
    source: 'Portwitness method: a list that holds the whole fleet',
  },
  {
    id: 'INC-4',
    sentence:
      'Others reach the port, the scanner and its sibling never did; but many providers let nothing out to this port, and no beacon on it shows that theirs does.',
    source: 'Portwitness method: ports that providers keep their customers from',
  },
  {
    id: 'LOSS-1',
    sentence: 'So many failures in a row are not packet loss.',
    source: 'Wald 1945; the rate of loss is told from the time that connects take',
  },
  { id: 'SIB-1', sentence: 'The sibling reached the port over the same path in the same seconds.', source: METHOD },
  {
    id: 'RTE-1',
    sentence:
      'Something of the target’s side answered the scanner while the port was lost to it: its own route was not down.',
    source: 'Portwitness method: what an outage of one route cannot do (docs/decisions/0006)',
  },
  { id: 'RUN-1', sentence: 'The port answered the scanner again.', source: METHOD },
  {
    id: 'MODE-1',
    sentence: 'How the port fails points at what stands in the way.',
    source: 'Portwitness method: how each defence fails a connection',
  },
  {
    id: 'CUT-1',
    sentence: 'How an accepted connection is cut tells proxies and services from packet filters.',
    source: 'Portwitness method: measured on HAProxy, nginx, xinetd and nftables',
  },
  {
    id: 'SPD-1',
    sentence: 'A service that gives way answers slower and slower before it stops.',
    source: 'Portwitness method: answer times before the loss',
  },
  {
    id: 'FLK-1',
    sentence: 'A ban lets nothing through until it ends; a limit lets through what comes when there is room.',
    source: 'Portwitness method: failures and successes in turn',
  },
  {
    id: 'NBR-1',
    sentence: 'Whether neighbours of the target are lost too tells a block on the host from one before it.',
    source: 'Portwitness method: touches of neighbouring addresses',
  },
  {
    id: 'GEO-1',
    sentence: 'A witness of the scanner’s own country tells geography from a list of addresses.',
    source: 'Portwitness method: witnesses of the same country; Wan et al., IMC 2020',
  },
  {
    id: 'HST-1',
    sentence: 'Some hosting platforms forbid scans and cut them off for all their customers.',
    source: 'Portwitness method: platforms that forbid scans; response headers of the platforms',
  },
  {
    id: 'AREA-1',
    sentence: 'Which ports of the host are lost points at how wide the block is.',
    source: 'Portwitness method: touches of other ports of the host',
  },
  {
    id: 'LURE-1',
    sentence: 'Who scans may be sent to a honeypot, which accepts on ports that refuse everybody else.',
    source: 'Portwitness method: random high ports touched before and after; redirects of nftables and iptables',
  },
  {
    id: 'WHO-1',
    sentence: 'Who lost the port points at what the block is made for.',
    source: 'Portwitness method: whom each defence shuts out',
  },
  {
    id: 'SVC-1',
    sentence: 'The service behind the port says which tools usually guard it.',
    source: 'Defaults of fail2ban, sshguard, CrowdSec, CSF',
  },
  {
    id: 'SLOW-1',
    sentence: 'Touches about eight and more seconds apart: a rate limit lets them through, a ban does not.',
    source: 'Portwitness method: slow touches',
  },
  {
    id: 'RATE-1',
    sentence:
      'A burst of connects beside slow touches: a ban stops both, loss takes its share of both, a limiter only of the burst.',
    source: 'Portwitness method: a burst beside slow touches; Guo and Heidemann, FADER, PAM 2018',
  },
  {
    id: 'SWP-1',
    sentence:
      'The search for ports was let through in part at its own pace, and the address answered again as soon as it rested: something limits it, or cannot bear it.',
    source: 'Portwitness method: answers to the search at two paces',
  },
  {
    id: 'LAYER-1',
    sentence: 'Bare connect, TLS, HEAD, GET: the first that is turned away is the layer that does it.',
    source: 'Portwitness method: one layer after the other',
  },
  {
    id: 'THR-1',
    sentence: 'Refusals that come late in a burst are throttled ICMP (a firewall); resets never are.',
    source: 'Linux kernel, limits on ICMP errors (net/ipv4/icmp.c); Portwitness method: timing of refusals',
  },
  {
    id: 'CAN-1',
    sentence: 'The connection kept open since the start tells a stateful filter from a stateless one.',
    source: 'Portwitness method: a connection kept open',
  },
  {
    id: 'CMP-1',
    sentence:
      'A ban shuts out the address, whoever uses it: what another scanner gets through from it amid the failures speaks of a limit.',
    source: 'Portwitness method: the kernel’s list of connections, while another scanner works from the same address',
  },
  {
    id: 'SEEP-1',
    sentence:
      'What gives way in part still completes a handshake now and then; a filter or a host that is down lets none through, and a full queue hardly any.',
    source: 'Portwitness method: touches by everybody while the port was lost; Linux, accept queue and SYN backlog',
  },
  { id: 'TXT-1', sentence: 'The text of the refusal names the limit.', source: 'OpenSSH, Postfix, Dovecot sources' },
  {
    id: 'PAGE-1',
    sentence: 'The status and tokens of the page name who made it.',
    source: 'wafw00f plugins; Jones et al., IMC 2014',
  },
  {
    id: 'TRG-1',
    sentence: 'What the scanner did just before the loss.',
    source: 'Portwitness method: what came before the loss',
  },
  {
    id: 'REN-1',
    sentence: 'Some lists begin a ban anew with each packet that they stop: only silence ends it.',
    source: 'Portwitness method: silence and return; iptables “recent” match, nftables sets with “update”',
  },
  {
    id: 'REC-1',
    sentence: 'How long the port stayed away fits the ban times of known tools.',
    source: 'Portwitness method: silence and return; default ban times of the tools',
  },
  {
    id: 'ID-1',
    sentence: 'The service came back as another one.',
    source: 'Portwitness method: the service’s greeting before and after',
  },
] as const satisfies readonly Rule[]

export type RuleId = (typeof RULE_LIST)[number]['id']
export const RULES: ReadonlyMap<string, Rule> = new Map(RULE_LIST.map((rule) => [rule.id, rule]))
/** Raised with every change of a rule, a threshold or a likelihood: a stored judgement says by which rules it was made. */
export const RULES_VERSION = '7'
