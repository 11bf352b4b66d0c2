import { chunked, type Renderer, textsOf } from '../kit.ts'
import { hclList } from '../label.ts'

/** cloud.google.com/armor/quotas: ranges in one rule with basic match conditions. */
const RANGES_PER_RULE = 10

export const googleCloudArmor: Renderer = {
  title: 'Google Cloud Armor, rules that allow (Terraform)',
  file: 'portwitness-cloud-armor.tf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'keep it beside your configuration; set portwitness_security_policy and a free priority before your other rules; apply',
    ],
    check: [
      'terraform validate',
      'the log of the load balancer shows enforcedSecurityPolicy.outcome ACCEPT for the scanner',
    ],
    undo: ['delete the file and apply'],
    traps: [
      `a rule takes ${RANGES_PER_RULE} ranges: these are ${Math.ceil(kit.entries.length / RANGES_PER_RULE)} rules of following priorities`,
      'an allow ends evaluation: throttle and ban rules with a higher number are not asked',
      'Adaptive Protection and rules of the edge policy are others',
    ],
  }),
  body: (kit) => [
    'variable "portwitness_security_policy" { type = string }',
    'variable "portwitness_priority" {',
    '  type    = number',
    '  default = 100',
    '}',
    '',
    ...chunked(textsOf(kit.entries), RANGES_PER_RULE).flatMap((some, i) => [
      `resource "google_compute_security_policy_rule" "portwitness_${i}" {`,
      '  security_policy = var.portwitness_security_policy',
      '  description     = "portwitness vulnerability scanner"',
      '  action          = "allow"',
      `  priority        = var.portwitness_priority + ${i}`,
      '  match {',
      '    versioned_expr = "SRC_IPS_V1"',
      '    config {',
      `      src_ip_ranges = ${hclList(some, '      ')}`,
      '    }',
      '  }',
      '}',
      '',
    ]),
  ],
}
