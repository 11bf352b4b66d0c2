/** Akamai and Fastly, as Terraform: lists, to be named in the rules that are there. */
import { type Renderer, textsOf, whoseOf } from '../kit.ts'
import { hclList, hclString } from '../label.ts'

export const akamai: Renderer = {
  title: 'Akamai, a network list and its activation (Terraform)',
  file: 'portwitness-akamai.tf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'keep it beside your configuration and apply',
      'in the security configuration name the list as exception of the IP/Geo firewall, of rate policies and of bot protection, and activate that configuration too',
    ],
    check: [
      'terraform validate',
      'the list is Active in production; Web Security Analytics shows no denial of the scanner',
    ],
    undo: ['take the list out of the exceptions, activate, then delete the file and apply'],
    traps: [
      'a list that was saved and not activated changes nothing',
      'APPEND keeps what was in the list: what is no longer published is to be taken out by hand, or with REPLACE',
    ],
  }),
  body: (kit) => [
    'variable "portwitness_notification_emails" { type = list(string) }',
    '',
    'resource "akamai_networklist_network_list" "portwitness" {',
    '  name        = "portwitness"',
    '  type        = "IP"',
    '  description = "vulnerability scanner"',
    `  list        = ${hclList(textsOf(kit.entries), '  ')}`,
    '  mode        = "APPEND"',
    '}',
    '',
    'resource "akamai_networklist_activations" "portwitness" {',
    '  network_list_id     = akamai_networklist_network_list.portwitness.uniqueid',
    '  network             = "PRODUCTION"',
    '  sync_point          = akamai_networklist_network_list.portwitness.sync_point',
    '  notes               = "vulnerability scanner"',
    '  notification_emails = var.portwitness_notification_emails',
    '}',
  ],
}

export const fastly: Renderer = {
  title: 'Fastly, entries of an ACL (Terraform)',
  file: 'portwitness-fastly.tf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'declare an acl block named portwitness in your fastly_service_vcl; keep this beside it, set both variables, apply',
      'in VCL, before what refuses or limits: if (client.ip ~ portwitness), or !~ in the condition of the limit',
      'Next-Gen WAF: a list of type ip with the same networks, and a request rule that allows it before all others',
    ],
    check: ['terraform validate', 'fastly acl-entry list --acl-id=ACL'],
    undo: ['take the condition out, activate, then delete the file and apply'],
    traps: [
      'the length of the prefix is a field of its own, not a part of the address',
      'an ACL holds 1,000 entries unless that was raised; entries are live at once, the VCL that names them only when activated',
    ],
  }),
  body: (kit) => [
    'variable "fastly_service_id" { type = string }',
    'variable "fastly_acl_id" { type = string }',
    '',
    'resource "fastly_service_acl_entries" "portwitness" {',
    '  service_id     = var.fastly_service_id',
    '  acl_id         = var.fastly_acl_id',
    '  manage_entries = true',
    ...kit.entries.flatMap((entry) => [
      '  entry {',
      `    ip      = ${hclString(entry.cidr.address.text)}`,
      `    subnet  = "${entry.cidr.prefix}"`,
      '    negated = false',
      `    comment = ${hclString(whoseOf(entry))}`,
      '  }',
    ]),
    '}',
  ],
}
