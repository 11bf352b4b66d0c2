import { acceptRule, type RemediesOf, type RemedyFor, withdrawRule } from './remedy.ts'

/** Static rules: geography, lists, access lists. */
export const POLICY: RemediesOf<'firewall_policy'> = {
  geo_policy: (scene) => ({
    title: 'Let the scanner through the country rule',
    happened: `A rule by country or network shuts out the place that ${scene.source} comes from; from elsewhere port ${scene.port} answers.`,
    confirm: `The firewall’s log by source ${scene.source} names the rule. On the host: \`nft list ruleset | grep -i geo\`, \`${scene.iptables}-save | grep -i geoip\`, \`grep ^CC_ /etc/csf/csf.conf\`.`,
    change: [
      `Allow the published ranges before the country rule, for example ${acceptRule(scene)}. CSF: \`csf.allow\`. Cloud firewalls: an allow rule with a better priority.`,
      'Or scan from a site in a country that is let in: the published geofeed says where each address is.',
    ],
    undo: withdrawRule(scene),
    limit:
      'Country data differ from firm to firm. CloudFront’s geographic restriction knows no exception for an address.',
    formats: [
      'nftables',
      'iptables',
      'csf',
      'palo-alto-edl',
      'fortigate',
      'aws-waf',
      'cloudflare',
      'google-cloud-armor',
      'azure-waf',
    ],
  }),
  acl_change: ({ source, cidr, port, isIpv6, near }) => ({
    title: 'Open the access list for the scanner again',
    happened: `An access list lets nobody, or only named addresses, reach port ${port}.`,
    confirm: `Ask what was changed${near}. AWS: CloudTrail events \`RevokeSecurityGroupIngress\` and \`ModifySecurityGroupRules\`; Azure: the activity log of the security group; the host: \`nft list ruleset\`.`,
    change: [
      `AWS: \`aws ec2 authorize-security-group-ingress --group-id GROUP ${
        isIpv6
          ? `--ip-permissions 'IpProtocol=tcp,FromPort=${port},ToPort=${port},Ipv6Ranges=[{CidrIpv6=${cidr}}]'`
          : `--protocol tcp --port ${port} --cidr ${cidr}`
      }\`, better with a prefix list of all published ranges.`,
      `Azure and others: an inbound rule for the ranges with a better priority than the one that denies ${source}.`,
    ],
    undo: `\`aws ec2 revoke-security-group-ingress\` with the same arguments, or delete the rule.`,
    limit: 'If the port was closed on purpose, nothing is to be changed: take it out of the scan.',
    formats: ['aws-security-group', 'aws-prefix-list', 'azure-nsg', 'nftables', 'iptables'],
  }),
  reputation_list: (scene) => ({
    title: 'Exempt the scanner from a reputation list',
    happened: `${scene.source} is on a list of known scanners or bad senders that the target’s side obeys.`,
    confirm: `\`cscli decisions list --ip ${scene.source} --all\`, \`ipset test NAME ${scene.source}\`, the firewall’s dynamic lists and the mail server’s DNS lists show which.`,
    change: [
      `Allow the published ranges before the list is asked: ${acceptRule(scene)}.`,
      'Tell the list’s keeper whose addresses these are: each carries a `probing.txt` that says so.',
    ],
    undo: withdrawRule(scene),
    limit: 'A list kept by others will name scanners again; only the exemption lasts.',
    formats: ['nftables', 'iptables', 'ipset', 'crowdsec', 'palo-alto-edl', 'fortigate', 'plain'],
  }),
}

export const anyPolicy: RemedyFor = (scene) => ({
  title: 'Allow the scanner’s addresses in the firewall policy',
  happened: `A fixed rule of a firewall shuts out ${scene.source}.`,
  confirm: `The firewall’s log by source ${scene.source}${scene.near} names the rule: country, network, list or access list. \`tcpdump -ni any host ${scene.source}\` on the host shows whether packets arrive at all.`,
  change: [`Put the published ranges before that rule, on the host ${acceptRule(scene)}.`],
  undo: withdrawRule(scene),
  limit: 'An allowlist that is the only permitted source shuts everyone else out.',
  formats: ['nftables', 'iptables', 'palo-alto-edl', 'fortigate', 'aws-security-group', 'azure-nsg', 'cloudflare'],
})
