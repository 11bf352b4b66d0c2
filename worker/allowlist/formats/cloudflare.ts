/**
 * Cloudflare has two switches, and a scan wants both: IP access rules, which come before everything but take only certain
 * lengths of prefix, and a rule that skips the rest of the firewall for a list, which takes any.
 */
import type { Cidr } from '../../../schema/address.ts'
import { briefOf, cutTo, type Entry, type Kit, type Notes, type Renderer, whoseOf } from '../kit.ts'
import { hclString, shellWord } from '../label.ts'

/** developers.cloudflare.com/waf/tools/ip-access-rules: single addresses and these prefixes, nothing between. */
const TAKEN = { 4: [16, 24, 32], 6: [32, 48, 64, 128] } as const
/** A range that would need more access rules than this is left to the list alone. */
const MOST_RULES = 256

interface AccessRule {
  target: 'ip' | 'ip6' | 'ip_range'
  value: string
  note: string
}

interface Access {
  rules: AccessRule[]
  /** ranges that would need too many rules */
  left: Cidr[]
}

function accessOf({ entries }: Kit): Access {
  const access: Access = { rules: [], left: [] }
  for (const entry of entries) {
    const cut = cutTo(entry.cidr, TAKEN[entry.cidr.family], MOST_RULES)
    if (cut === null) access.left.push(entry.cidr)
    else access.rules.push(...cut.map((cidr) => ruleOf(entry, cidr)))
  }
  return access
}

function ruleOf(entry: Entry, cidr: Cidr): AccessRule {
  const value = briefOf(cidr)
  const target = value.includes('/') ? 'ip_range' : cidr.family === 4 ? 'ip' : 'ip6'
  return { target, value, note: `portwitness ${whoseOf(entry)}` }
}

const leftLine = ({ left }: Access): string[] =>
  left.length === 0
    ? []
    : [
        `too wide or too narrow for access rules (more than ${MOST_RULES} each), left to the skip rule alone: ${left.map(({ text }) => text).join(', ')}`,
      ]

const PHASES = ['http_ratelimit', 'http_request_sbfm', 'http_request_firewall_managed']
const PRODUCTS = ['zoneLockdown', 'uaBlock', 'bic', 'hot', 'securityLevel', 'rateLimit', 'waf']
const LIST = 'portwitness_scanner'
const EXPRESSION = `(ip.src in $${LIST})`

const traps = (kit: Kit): string[] => {
  const access = accessOf(kit)
  return [
    'no rule can skip Bot Fight Mode of the free plan; an access rule that matches keeps it quiet, else turn it off for the scan',
    'access rules take single addresses, IPv4 /16 and /24, IPv6 /32, /48 and /64 only: other ranges are cut into these',
    `this makes ${access.rules.length} access rules`,
    ...leftLine(access),
    'the values of phases and products are case-sensitive; Under Attack mode is skipped by access rules alone',
  ]
}
const undo = ['delete the skip rule, then the list, then the access rules whose note begins with portwitness']
const CHECK = [
  'Security > Events, filtered by one of the addresses: the action is Skip, nothing is blocked or challenged',
]

export const cloudflare: Renderer = {
  title: 'Cloudflare, access rules and a skip rule, as Terraform (provider 5)',
  file: 'portwitness-cloudflare.tf',
  type: 'text/plain',
  comment: '#',
  notes: (kit): Notes => ({
    where: [
      'keep it beside your configuration; set the two variables; terraform plan, then apply',
      'a zone has one ruleset of phase http_request_firewall_custom: where you have it already, add the rule to it in first place and leave the resource out',
    ],
    check: ['terraform validate', ...CHECK],
    undo: ['delete the file and apply'],
    traps: traps(kit),
  }),
  body: (kit) => {
    const { rules } = accessOf(kit)
    return [
      'variable "cloudflare_account_id" { type = string }',
      'variable "cloudflare_zone_id" { type = string }',
      '',
      'locals {',
      '  portwitness_access = {',
      ...rules.map(
        ({ target, value, note }) => `    ${hclString(value)} = { target = "${target}", notes = ${hclString(note)} }`,
      ),
      '  }',
      '}',
      '',
      'resource "cloudflare_access_rule" "portwitness" {',
      '  for_each      = local.portwitness_access',
      '  zone_id       = var.cloudflare_zone_id',
      '  mode          = "whitelist"',
      '  configuration = { target = each.value.target, value = each.key }',
      '  notes         = each.value.notes',
      '}',
      '',
      `resource "cloudflare_list" "${LIST}" {`,
      '  account_id  = var.cloudflare_account_id',
      `  name        = "${LIST}"`,
      '  description = "vulnerability scanner"',
      '  kind        = "ip"',
      '  items = [',
      ...kit.entries.map(
        (entry) => `    { ip = ${hclString(briefOf(entry.cidr))}, comment = ${hclString(whoseOf(entry))} },`,
      ),
      '  ]',
      '}',
      '',
      'resource "cloudflare_ruleset" "portwitness" {',
      '  zone_id = var.cloudflare_zone_id',
      '  name    = "vulnerability scanner"',
      '  kind    = "zone"',
      '  phase   = "http_request_firewall_custom"',
      '  rules = [{',
      '    action      = "skip"',
      '    description = "portwitness"',
      '    enabled     = true',
      `    expression  = ${hclString(EXPRESSION)}`,
      '    action_parameters = {',
      '      ruleset  = "current"',
      `      phases   = [${PHASES.map(hclString).join(', ')}]`,
      `      products = [${PRODUCTS.map(hclString).join(', ')}]`,
      '    }',
      '    logging = { enabled = true }',
      '  }]',
      `  depends_on = [cloudflare_list.${LIST}]`,
      '}',
    ]
  },
}

const API = 'https://api.cloudflare.com/client/v4'
/** An expansion of ours stands between two words in single quotes. */
const post = (path: string, body: unknown): string =>
  `curl -fsS -X POST "${API}${path}" -H "Authorization: Bearer $CF_TOKEN" -H 'Content-Type: application/json' --data ${shellWord(JSON.stringify(body))}`

export const cloudflareApi: Renderer = {
  title: 'Cloudflare, access rules and a skip rule, by its API',
  file: 'portwitness-cloudflare.sh',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: [
      'set CF_TOKEN (Account Filter Lists Edit, Zone WAF Edit, Zone Firewall Services Edit), CF_ACCOUNT, CF_ZONE; then: sh portwitness-cloudflare.sh',
      'the list is made by the first call; its items and the rule want jq',
      'where the zone has no custom rule yet, make one by hand first: its ruleset must exist',
    ],
    check: CHECK,
    undo,
    traps: traps(kit),
  }),
  body: (kit) => [
    'set -eu',
    ...accessOf(kit).rules.map(({ target, value, note }) =>
      post('/zones/$CF_ZONE/firewall/access_rules/rules', {
        mode: 'whitelist',
        configuration: { target, value },
        notes: note,
      }),
    ),
    `LIST=$(${post('/accounts/$CF_ACCOUNT/rules/lists', { name: LIST, kind: 'ip', description: 'vulnerability scanner' })} | jq -r .result.id)`,
    post(
      '/accounts/$CF_ACCOUNT/rules/lists/$LIST/items',
      kit.entries.map((entry) => ({ ip: briefOf(entry.cidr), comment: whoseOf(entry) })),
    ),
    `RULESET=$(curl -fsS "${API}/zones/$CF_ZONE/rulesets/phases/http_request_firewall_custom/entrypoint" -H "Authorization: Bearer $CF_TOKEN" | jq -r .result.id)`,
    post('/zones/$CF_ZONE/rulesets/$RULESET/rules', {
      action: 'skip',
      description: 'portwitness',
      enabled: true,
      expression: EXPRESSION,
      action_parameters: { ruleset: 'current', phases: PHASES, products: PRODUCTS },
      logging: { enabled: true },
      position: { index: 1 },
    }),
  ],
}

export const cloudflareDashboard: Renderer = {
  title: 'Cloudflare, access rules and a skip rule, in the dashboard',
  file: 'portwitness-cloudflare.txt',
  type: 'text/plain',
  comment: '#',
  notes: (kit) => ({
    where: ['dash.cloudflare.com, the account, then the zone; both parts below'],
    check: CHECK,
    undo,
    traps: traps(kit),
  }),
  body: (kit) => [
    '1. Account > Manage Account > Configurations > Lists > Create list',
    `   name ${LIST}, content type IP, then add these items:`,
    ...kit.entries.map((entry) => `   item ${briefOf(entry.cidr)}`),
    '2. Zone > Security > WAF > Custom rules > Create rule, place at: First',
    `   expression ${EXPRESSION}`,
    '   action Skip; tick: all remaining custom rules, all rate limiting rules, all managed rules, all Super Bot Fight Mode rules',
    '   more components to skip: zone lockdown, user agent blocking, browser integrity check, hotlink protection, security level',
    '3. Zone > Security > WAF > Tools > IP Access Rules, action Allow, this website, one rule each:',
    ...accessOf(kit).rules.map(({ value }) => `   allow ${value}`),
    '4. Zone > Security > Bots: with Bot Fight Mode of the free plan, turn it off for the scan if the events still show it',
  ],
}
