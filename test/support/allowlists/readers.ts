/** For each format a reader of its grammar, strict: a line that is none of its forms is an error. */
import { addressAt, parseAddress } from '../../../schema/address.ts'
import type { Format } from '../../../worker/core/remedies/remedy.ts'
import { byForms, byLine, familyOf, linesOf, type Meaning, network, parts, type Reader } from './grammar.ts'
import { hcl } from './hcl.ts'

const NET = '([0-9a-f.:]+/\\d+)'
const PORTS = '[0-9:,]+'
const NOTE = 'portwitness [^\'"]*'
const bare = byLine(new RegExp(`^${NET}$`), null)

/** nft: statements, whose sets may go over lines. */
const nftables: Reader = (text) => {
  const code = linesOf(text).join('\n')
  const networks: string[] = []
  let rest = code
  let directives = 0
  const take = (form: RegExp, then: (found: RegExpExecArray) => void = () => undefined): boolean => {
    const found = form.exec(rest)
    if (!found) return false
    then(found)
    directives++
    rest = rest.slice(found[0].length)
    return true
  }
  while (rest !== '') {
    const taken =
      take(/^add set inet filter portwitness([46]) \{ type ipv[46]_addr; flags interval; auto-merge; \}\n/) ||
      take(/^flush set inet filter portwitness[46]\n/) ||
      take(/^add element inet filter portwitness([46]) \{\n((?: {2}[0-9a-f.:/]+,\n)+)\}\n/, ([, family, body = '']) => {
        for (const one of body.split(',\n').filter((line) => line !== '')) {
          if (String(familyOf(one)) !== family) throw new Error(`${one} in the set of family ${family}`)
          networks.push(network(one.trim()))
        }
      }) ||
      take(/^(?:add|flush) chain inet filter portwitness\n/) ||
      take(
        /^add rule inet filter portwitness ip6? saddr @portwitness[46](?: tcp dport \{ [0-9, -]+ \})? counter accept\n/,
      ) ||
      take(/^insert rule inet filter input jump portwitness comment "portwitness"\n?/)
    if (!taken) throw new Error(`no statement of nft: ${rest.slice(0, 80)}`)
  }
  return { networks, directives }
}

const inFamily =
  (reader: Reader, form: RegExp): Reader =>
  (text) => {
    for (const [, family, one = ''] of text.matchAll(form))
      if (family !== undefined && familyOf(one) !== Number(family)) throw new Error(`${one} for family ${family}`)
    return reader(text)
  }

const fail2ban: Reader = (text) => {
  const lines = linesOf(text)
  if (lines[0] !== '[DEFAULT]' || !lines[1]?.startsWith('ignoreip = ')) throw new Error('not a jail file')
  const words = lines.slice(2).map((line) => parts(line, new RegExp(`^ +${NET}$`))[0] ?? '')
  if (lines[1] !== 'ignoreip = 127.0.0.1/8 ::1') throw new Error(lines[1])
  return { networks: words.map(network), directives: lines.length }
}

const tcpWrappers: Reader = (text) => {
  const lines = linesOf(text)
  const networks = lines.map((line) => {
    const [net = ''] = parts(line, /^(?:sshd|ALL): ([0-9.]+(?:\/[0-9.]+)?|\[[0-9a-f.:]+\]\/\d+)$/)
    const [, address = net, mask] = /^([0-9.]+)\/([0-9.]+)$/.exec(net) ?? []
    if (mask === undefined) return network(address.replace(/[[\]]/g, ''))
    const bits = Array.from({ length: 33 }, (_, prefix) => prefix).find((prefix) => maskOf(prefix) === mask)
    if (bits === undefined || !parseAddress(address)) throw new Error(`no mask: ${net}`)
    return network(`${address}/${bits}`)
  })
  return { networks, directives: lines.length }
}
const maskOf = (prefix: number): string => addressAt(((1n << 32n) - 1n) ^ ((1n << BigInt(32 - prefix)) - 1n), 4).text

/** Lines that hold many networks, parted by `separator`, in the first group. */
const manyInLine =
  (form: RegExp, separator: RegExp, others: readonly RegExp[] = []): Reader =>
  (text) => {
    const lines = linesOf(text)
    const networks = lines.flatMap((line) => {
      if (others.some((other) => other.test(line))) return []
      return (parts(line, form)[0] ?? '').split(separator).map(network)
    })
    return { networks, directives: lines.length }
  }

const ids = manyInLine(
  /^pass ip \[([^\]]+)\] any <> (?:\$HOME_NET|\[[0-9a-f.:,]+\]) any \(msg:"portwitness scanner"; sid:\d+; rev:1;\)$/,
  /,/,
)
const modsecurity = manyInLine(
  /^SecRule REMOTE_ADDR "@ipMatch ([^"]+)" "id:\d+,phase:1,pass,nolog,ctl:ruleEngine=Off"$/,
  /,/,
)

const traefik: Reader = (text) => {
  const lines = linesOf(text)
  const rule = lines.find((line) => line.startsWith('      rule: ')) ?? ''
  const [clients = ''] = parts(rule, /^ {6}rule: "Host\(`[A-Za-z0-9.-]+`\) && \(([^"]+)\)"$/)
  const networks = clients.split(' || ').map((one) => network(parts(one, /^ClientIP\(`([^`]+)`\)$/)[0] ?? ''))
  const frame = [
    'http:',
    '  routers:',
    '    portwitness:',
    '      priority: 100000',
    '      service: "YOUR-SERVICE"',
    '      middlewares: []',
  ]
  const strange = lines.filter((line) => line !== rule && !frame.includes(line))
  if (strange.length > 0) throw new Error(strange[0])
  return { networks, directives: lines.length }
}

const postfix: Reader = (text) => {
  const [first, ...rest] = linesOf(text)
  if (first !== 'smtpd_client_event_limit_exceptions = $mynetworks') throw new Error(first)
  const networks = rest.map((line) =>
    network((parts(line, /^ {2}([0-9.]+\/\d+|\[[0-9a-f.:]+\]\/\d+)$/)[0] ?? '').replace(/[[\]]/g, '')),
  )
  return { networks, directives: rest.length + 1 }
}

const exim: Reader = (text) => {
  const lines = linesOf(text)
  const whole = lines.map((line, i) => (i < lines.length - 1 ? (parts(line, /^(.*) \\$/)[0] ?? '') : line)).join('')
  const [list = ''] = parts(whole, /^hostlist portwitness = <;([0-9a-f.:/ ;]+)$/)
  return { networks: list.split(';').map((one) => network(one.trim())), directives: lines.length }
}

/** Shell: each call's JSON stands in single quotes, which it never holds. */
const cloudflareApi: Reader = (text) => {
  const lines = linesOf(text)
  const networks: string[] = []
  for (const line of lines) {
    const json = / --data '([^']*)'(?: \| jq -r \.result\.id\))?$/.exec(line)?.[1]
    if (json === undefined) {
      if (line !== 'set -eu' && !line.startsWith('RULESET=$(curl -fsS ')) throw new Error(line)
      continue
    }
    if ((line.match(/'/g) ?? []).length !== 4) throw new Error(`quotes: ${line}`)
    const body = JSON.parse(json) as { configuration?: { value: string } } | { ip: string }[]
    if (Array.isArray(body)) networks.push(...body.map(({ ip }) => network(ip)))
    else if (body.configuration) networks.push(network(body.configuration.value))
  }
  return { networks: [...new Set(networks)], directives: lines.length }
}

const csv: Reader = (text) => {
  const [head, ...rows] = linesOf(text, null)
  if (head !== 'prefix,family,site,country') throw new Error(head)
  const field = '("[^"\\r\\n]*"|[^",\\r\\n]*)'
  const networks = rows.map((row) => {
    const [net = '', family, ...names] = parts(row, new RegExp(`^${NET},([46]),${field},${field}$`))
    if (familyOf(net) !== Number(family)) throw new Error(row)
    // What a spreadsheet would carry out.
    if (names.some((name) => /^"?[=+\-@\t]/.test(name))) throw new Error(`formula: ${row}`)
    return network(net)
  })
  return { networks, directives: rows.length }
}

const twice = (meaning: Meaning): Meaning => ({ ...meaning, networks: [...new Set(meaning.networks)] })

export const READERS: Record<Format, Reader> = {
  nftables,
  iptables: inFamily(
    async (text) =>
      twice(
        await byForms([
          new RegExp(
            `^-[46] -A PORTWITNESS -s ${NET}(?: -p tcp -m multiport --dports ${PORTS})? -m comment --comment "${NOTE}" -j ACCEPT$`,
          ),
          /^\*filter$|^:PORTWITNESS - \[0:0\]$|^-I INPUT 1 -j PORTWITNESS$|^COMMIT$/,
        ])(text),
      ),
    /^-([46]) -A PORTWITNESS -s (\S+)/gm,
  ),
  ipset: inFamily(
    byForms(
      [
        new RegExp(`^add portwitness[46] ${NET} -exist$`),
        /^create portwitness(?:4 hash:net family inet|6 hash:net family inet6) -exist$|^flush portwitness[46]$/,
      ],
      null,
    ),
    /^add portwitness([46]) (\S+)/gm,
  ),
  ufw: async (text) =>
    twice(
      await byForms([
        new RegExp(`^ufw prepend allow (?:proto tcp )?from ${NET} (?:to any port ${PORTS} )?comment '${NOTE}'$`),
      ])(text),
    ),
  firewalld: inFamily(
    byForms([
      new RegExp(`^firewall-cmd --permanent --ipset=portwitness[46] --add-entry=${NET}$`),
      /^firewall-cmd --permanent --new-ipset=portwitness(?:4 --type=hash:net --option=family=inet|6 --type=hash:net --option=family=inet6)$/,
      /^firewall-cmd --permanent --add-rich-rule='rule priority="-30000" family="ipv[46]" source ipset="portwitness[46]"(?: port port="[0-9-]+" protocol="tcp")? accept'$/,
      /^firewall-cmd --reload$/,
    ]),
    /--ipset=portwitness([46]) --add-entry=(\S+)/gm,
  ),
  pf: byForms([
    new RegExp(`^ {2}${NET} # [^\\n]+$`),
    /^table <portwitness> persist \{$|^\}$|^pass in quick (?:proto tcp )?from <portwitness> to any(?: port \{ [0-9: ]+ \})?$/,
  ]),
  fail2ban,
  sshguard: byLine(new RegExp(`^${NET}$`)),
  crowdsec: byForms([
    new RegExp(`^ {4}- "${NET}"$`),
    /^name: portwitness\/scanner$|^description: "addresses of the vulnerability scanner"$|^whitelist:$|^ {2}reason: "portwitness scanner"$|^ {2}cidr:$/,
  ]),
  'crowdsec-allowlist': byForms([
    new RegExp(`^cscli allowlists add portwitness ${NET} -d '[^']+'(?: -e \\d+d)?$`),
    /^cscli allowlists create portwitness -d 'vulnerability scanner'$|^cscli decisions delete --ip [0-9a-f.:]+$/,
  ]),
  suricata: ids,
  snort: ids,
  'tcp-wrappers': tcpWrappers,
  openssh: manyInLine(/^PerSourcePenaltyExemptList (\S+)$/, /,/),
  csf: byLine(new RegExp(`^${NET} # ${NOTE}$`)),
  nginx: byForms([
    new RegExp(`^ {2}${NET} 1; # [^\\n]+$`),
    /^geo \$portwitness \{$|^ {2}default 0;$|^\}$|^map \$portwitness \$portwitness_limit_key \{$|^ {2}0 \$binary_remote_addr;$|^ {2}1 "";$/,
  ]),
  'nginx-allow': byLine(new RegExp(`^allow ${NET}; # [^\\n]+$`)),
  apache: byLine(new RegExp(`^Require ip ${NET}$`)),
  modsecurity2: modsecurity,
  modsecurity3: modsecurity,
  haproxy: manyInLine(/^ {2}acl portwitness src ([0-9a-f.:/ ]+)$/, / /, [
    /^ {2}(?:tcp-request (?:connection|content) accept|http-request allow) if portwitness$/,
  ]),
  caddy: manyInLine(/^\t@not_portwitness not remote_ip ([0-9a-f.:/ ]+)$/, / /, [/^\(portwitness\) \{$|^\}$/]),
  traefik,
  squid: byForms([new RegExp(`^acl portwitness src ${NET} # [^\\n]+$`), /^http_access allow portwitness$/]),
  varnish: (text) =>
    byForms([
      new RegExp(`^ {2}${NET}; # [^\\n]+$`),
      /^acl portwitness \{$|^\}$|^sub vcl_recv \{$|^ {2}if \(client\.ip ~ portwitness\) \{ return \(pass\); \}$/,
    ])(text.replace(/^ {2}"([0-9a-f.:]+)"\/(\d+);/gm, '  $1/$2;')),
  postscreen: byLine(new RegExp(`^${NET} permit$`)),
  postfix,
  exim,
  dovecot: byForms([new RegExp(`^remote ${NET} \\{$`), /^ {2}mail_max_userip_connections = 1000$|^\}$/]),
  rspamd: byLine(new RegExp(`^${NET}$`)),
  cloudflare: hcl,
  'cloudflare-api': cloudflareApi,
  'cloudflare-dashboard': (text) => {
    const lines = linesOf(text)
    const networks = lines.flatMap((line) => {
      const found = /^ {3}(?:item|allow) ([0-9a-f.:]+(?:\/\d+)?)$/.exec(line)
      return found ? [network(found[1] ?? '')] : []
    })
    return { networks: [...new Set(networks)], directives: lines.length }
  },
  'aws-waf': hcl,
  'aws-security-group': hcl,
  'aws-prefix-list': hcl,
  'google-cloud-armor': hcl,
  'azure-waf': hcl,
  'azure-nsg': hcl,
  akamai: hcl,
  fastly: hcl,
  'palo-alto-edl': bare,
  fortigate: bare,
  plain: bare,
  csv,
}
