import { chunked, lostPartsOf, ofFamily, type Renderer, textsOf } from '../kit.ts'
import { hclList, hclString } from '../label.ts'

/** Values in one match condition of a custom rule. */
const VALUES_PER_RULE = 540

export const azureWaf: Renderer = {
  title: 'Azure WAF, a custom rule that allows (Terraform)',
  file: 'portwitness-azure-waf.tf',
  type: 'text/plain',
  comment: '#',
  notes: () => ({
    where: [
      'put the block into your azurerm_web_application_firewall_policy, with a priority lower than that of every other custom rule; apply',
      'Front Door: the same as custom_rule with match_condition { match_variable = "RemoteAddr" } of azurerm_cdn_frontdoor_firewall_policy',
    ],
    check: ['terraform validate', 'the firewall log shows the rule portwitness for the scanner, action Allow'],
    undo: ['take the block out and apply'],
    traps: [
      'an Allow of a custom rule ends evaluation, later rate rules and managed rules included',
      'behind another proxy RemoteAddr is its address; SocketAddr of Front Door is the last hop',
    ],
  }),
  body: (kit) =>
    chunked(textsOf(kit.entries), VALUES_PER_RULE).flatMap((some, i) => [
      'custom_rules {',
      `  name      = "portwitness${i === 0 ? '' : i}"`,
      `  priority  = ${i + 1}`,
      '  rule_type = "MatchRule"',
      '  action    = "Allow"',
      '  match_conditions {',
      '    match_variables {',
      '      variable_name = "RemoteAddr"',
      '    }',
      '    operator           = "IPMatch"',
      '    negation_condition = false',
      `    match_values       = ${hclList(some, '    ')}`,
      '  }',
      '}',
    ]),
}

export const azureNsg: Renderer = {
  title: 'Azure, inbound rules of a network security group (Terraform)',
  file: 'portwitness-azure-nsg.tf',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['keep it beside your configuration; set the group and a free priority before the rules that deny; apply'],
    check: ['terraform validate', 'az network watcher test-ip-flow from one of the addresses says Allow'],
    undo: ['delete the file and apply'],
    traps: [
      'groups of the subnet and of the interface are both asked; Virtual Network Manager admin rules come earlier',
      ...(kit.situation
        ? []
        : ['without an issue all TCP ports are opened: name those to be scanned in destination_port_ranges']),
    ],
  }),
  body: (kit) => {
    const ports = lostPartsOf(kit)
    return [
      'variable "portwitness_resource_group" { type = string }',
      'variable "portwitness_nsg" { type = string }',
      'variable "portwitness_priority" {',
      '  type    = number',
      '  default = 100',
      '}',
      '',
      ...([4, 6] as const).flatMap((family) => {
        const entries = ofFamily(kit, family)
        if (entries.length === 0) return []
        return [
          `resource "azurerm_network_security_rule" "portwitness${family}" {`,
          `  name                        = "portwitness${family}"`,
          `  priority                    = var.portwitness_priority + ${family === 4 ? 0 : 1}`,
          '  direction                   = "Inbound"',
          '  access                      = "Allow"',
          '  protocol                    = "Tcp"',
          '  source_port_range           = "*"',
          ports.length === 0
            ? '  destination_port_range      = "*"'
            : `  destination_port_ranges     = [${ports.map(hclString).join(', ')}]`,
          `  source_address_prefixes     = ${hclList(textsOf(entries), '  ')}`,
          '  destination_address_prefix  = "*"',
          '  resource_group_name         = var.portwitness_resource_group',
          '  network_security_group_name = var.portwitness_nsg',
          '}',
          '',
        ]
      }),
    ]
  },
}
