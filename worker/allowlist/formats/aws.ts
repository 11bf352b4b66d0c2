/** AWS, as Terraform: the firewall of CloudFront and load balancers, security groups, prefix lists. */
import { type Kit, lostPartsOf, ofFamily, type Renderer, textsOf, whoseOf } from '../kit.ts'
import { hclList, hclString } from '../label.ts'

const VERSION = { 4: 'IPV4', 6: 'IPV6' } as const

export const awsWaf: Renderer = {
  title: 'AWS WAF, IP sets and a rule group that allows them (Terraform)',
  file: 'portwitness-aws-waf.tf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it beside your configuration; set portwitness_scope to CLOUDFRONT (region us-east-1) or REGIONAL',
      'in the web ACL a rule of priority 0 with override_action none and rule_group_reference_statement on aws_wafv2_rule_group.portwitness.arn',
    ],
    check: ['terraform validate', 'Sampled requests of the web ACL show action ALLOW for the scanner'],
    undo: ['take the rule out of the web ACL, apply, delete the file, apply'],
    traps: [
      'an allow ends evaluation: rate rules with a higher number are not asked; with a lower number they are',
      'geographic restrictions of a CloudFront distribution know no exception',
      'IP sets take no /0, and single addresses only as /32 and /128',
    ],
  }),
  body: (kit) => [
    'variable "portwitness_scope" {',
    '  type    = string',
    '  default = "REGIONAL"',
    '}',
    '',
    ...([4, 6] as const).flatMap((family) => [
      `resource "aws_wafv2_ip_set" "portwitness${family}" {`,
      `  name               = "portwitness${family}"`,
      '  description        = "vulnerability scanner"',
      '  scope              = var.portwitness_scope',
      `  ip_address_version = "${VERSION[family]}"`,
      `  addresses          = ${hclList(textsOf(ofFamily(kit, family)), '  ')}`,
      '}',
      '',
    ]),
    ...RULE_GROUP.split('\n'),
  ],
}

const statement = (family: 4 | 6): string =>
  `        statement {
          ip_set_reference_statement { arn = aws_wafv2_ip_set.portwitness${family}.arn }
        }`
const metric = (indent: string): string =>
  [
    'visibility_config {',
    '  cloudwatch_metrics_enabled = true',
    '  metric_name                = "portwitness"',
    '  sampled_requests_enabled   = true',
    '}',
  ]
    .map((line) => indent + line)
    .join('\n')
const RULE_GROUP = `resource "aws_wafv2_rule_group" "portwitness" {
  name     = "portwitness"
  scope    = var.portwitness_scope
  capacity = 10
  rule {
    name     = "allow-scanner"
    priority = 0
    action {
      allow {}
    }
    statement {
      or_statement {
${statement(4)}
${statement(6)}
      }
    }
${metric('    ')}
  }
${metric('  ')}
}`

/** Ports as pairs; without any all are opened. */
const portPairs = (kit: Kit): { from: number; to: number }[] => {
  const parts = lostPartsOf(kit)
  return (parts.length === 0 ? ['1-65535'] : parts).map((part) => {
    const [from = 0, to = from] = part.split('-').map(Number)
    return { from, to }
  })
}

const PORT_TRAP = 'without an issue all TCP ports are opened: set from_port and to_port to what is to be scanned'

export const awsSecurityGroup: Renderer = {
  title: 'AWS, ingress rules of a security group (Terraform)',
  file: 'portwitness-aws-sg.tf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['keep it beside your configuration; set portwitness_security_group_id; terraform plan, then apply'],
    check: ['terraform validate', 'aws ec2 describe-security-group-rules --filters Name=group-id,Values=GROUP'],
    undo: ['delete the file and apply'],
    traps: [
      `each range and port is one rule (here ${kit.entries.length * portPairs(kit).length}): a group has 60 unless that was raised`,
      'a network ACL of the subnet may still deny',
      ...(kit.situation ? [] : [PORT_TRAP]),
    ],
  }),
  body: (kit) => [
    'variable "portwitness_security_group_id" { type = string }',
    '',
    ...portPairs(kit).flatMap(({ from, to }) =>
      ([4, 6] as const).flatMap((family) => {
        const entries = ofFamily(kit, family)
        if (entries.length === 0) return []
        return [
          `resource "aws_vpc_security_group_ingress_rule" "portwitness${family}_${from}" {`,
          `  for_each          = toset(${hclList(textsOf(entries), '  ')})`,
          '  security_group_id = var.portwitness_security_group_id',
          '  description       = "portwitness vulnerability scanner"',
          '  ip_protocol       = "tcp"',
          `  from_port         = ${from}`,
          `  to_port           = ${to}`,
          `  cidr_ipv${family}         = each.value`,
          '}',
          '',
        ]
      }),
    ),
  ],
}

export const awsPrefixList: Renderer = {
  title: 'AWS, managed prefix lists (Terraform)',
  file: 'portwitness-aws-prefix-list.tf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it beside your configuration, apply, and name the lists in security groups and route tables: prefix_list_id = aws_ec2_managed_prefix_list.portwitness4.id',
    ],
    check: ['terraform validate', 'aws ec2 get-managed-prefix-list-entries --prefix-list-id LIST'],
    undo: ['take the references out, then delete the file and apply'],
    traps: [
      'a reference counts as max_entries rules against the quota of the security group, not as one',
      'max_entries leaves room for ranges to come; it can be raised only where the quota allows it',
    ],
  }),
  body: (kit) =>
    ([4, 6] as const).flatMap((family) => {
      const entries = ofFamily(kit, family)
      if (entries.length === 0) return []
      return [
        `resource "aws_ec2_managed_prefix_list" "portwitness${family}" {`,
        `  name           = "portwitness${family}"`,
        `  address_family = "IPv${family}"`,
        `  max_entries    = ${Math.max(10, Math.ceil(entries.length * 1.5))}`,
        ...entries.flatMap((entry) => [
          '  entry {',
          `    cidr        = ${hclString(entry.cidr.text)}`,
          `    description = ${hclString(whoseOf(entry))}`,
          '  }',
        ]),
        '}',
        '',
      ]
    }),
}
