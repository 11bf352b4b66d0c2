import { describe, expect, test } from 'vitest'
import { choosePanel, type PanelRequest, type ProbeFacts } from '../../worker/core/panel.ts'

const NOW = Date.UTC(2026, 0, 5)
const HOUR = 3_600_000
const probe = (probeId: string, site: string, extra: Partial<ProbeFacts> = {}): ProbeFacts => ({
  probeId,
  site,
  provider: `${site}-net`,
  country: site.slice(0, 2).toUpperCase(),
  asn: null,
  sourceAddress: '198.51.100.1',
  allowPrivate: false,
  online: true,
  fit: true,
  standing: { looks: true, scans: true, detail: 'active' },
  lastScannedAt: null,
  ...extra,
})
const FLEET = [
  probe('a1', 'fra-1'),
  probe('a2', 'fra-1'),
  probe('b1', 'ams-1'),
  probe('c1', 'nyc-1'),
  probe('d1', 'sgp-1'),
]
const ask = (extra: Partial<PanelRequest> = {}) =>
  choosePanel({
    probes: FLEET,
    site: 'fra-1',
    scannerProbeId: null,
    sticky: null,
    family: 4,
    needsPrivate: false,
    now: NOW,
    ...extra,
  })
const roles = (choice: ReturnType<typeof choosePanel>) =>
  'panel' in choice ? choice.panel.map((member) => `${member.role} ${member.probeId}`) : choice.failure

describe('the panel', () => {
  test('is a scanner, its sibling and three witnesses from elsewhere', () => {
    expect(roles(ask())).toEqual(['scanner a1', 'sibling a2', 'witness b1', 'witness c1', 'witness d1'])
  })

  test('keeps the scanner of last time, so that the sibling stays rested', () => {
    const probes = FLEET.map((one) => (one.probeId === 'a2' ? { ...one, lastScannedAt: NOW - HOUR } : one))
    const choice = ask({ probes, sticky: 'a2' })
    expect(roles(choice).slice(0, 2)).toEqual(['scanner a2', 'sibling a1'])
    expect('panel' in choice && choice.panel[1]?.rested).toBe(true)
  })

  test('takes tired probes where rested ones run out, and says so', () => {
    const probes = FLEET.map((one) => (one.probeId === 'b1' ? { ...one, lastScannedAt: NOW - HOUR } : one))
    const choice = ask({ probes })
    expect('panel' in choice && choice.panel.find((one) => one.probeId === 'b1')?.rested).toBe(false)
  })

  test('prefers witnesses that are unlike each other', () => {
    const probes = [...FLEET, probe('b2', 'ams-1'), probe('e1', 'lon-1', { provider: 'nyc-1-net' })]
    expect(roles(ask({ probes })).slice(2)).toEqual(['witness b1', 'witness c1', 'witness d1'])
  })

  test('takes probes that called themselves unfit last of all, and says so', () => {
    const probes = FLEET.map((one) => (['a1', 'b1'].includes(one.probeId) ? { ...one, fit: false } : one))
    expect(roles(ask({ probes: [...probes, probe('e1', 'lon-1')], sticky: 'a1' }))).toEqual([
      'scanner a2',
      'sibling a1',
      'witness c1',
      'witness d1',
      'witness e1',
    ])
    const choice = ask({ probes: [probe('x', 'fra-1', { fit: false })] })
    expect('panel' in choice && choice.panel).toMatchObject([{ probeId: 'x', fit: false }])
  })

  test('leaves out what is offline, not yet published, of the other family, or barred from private addresses', () => {
    for (const bad of [
      { online: false },
      { standing: { looks: false, scans: false, detail: 'retired' } },
      { sourceAddress: '2001:db8::1' },
    ])
      expect(ask({ probes: [probe('x', 'fra-1', bad)] })).toMatchObject({ failure: 'no_probe' })
    expect(ask({ needsPrivate: true })).toMatchObject({
      failure: 'no_probe',
      detail: expect.stringContaining('allow-private'),
    })
  })

  test('does without sibling and witnesses when there are none', () => {
    expect(roles(ask({ probes: [probe('a1', 'fra-1')] }))).toEqual(['scanner a1'])
  })
})
