import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { Endpoint, ResultRequest } from '../../schema/wire.ts'
import { AGENT_ADDRESS, agentFor, scanPlan, touchPlan, until } from '../support/agent.ts'
import { type FakeDesk, fakeDesk, step } from '../support/fake-desk.ts'
import {
  changingWeb,
  type Listener,
  listener,
  refusingMail,
  resetting,
  secure,
  silent,
  sshd,
  web,
} from '../support/listeners.ts'
import { silenced } from '../support/silenced.ts'

const HOST = '127.0.0.9'
const portsOf = (...servers: readonly { port: number }[]) => servers.map(({ port }) => port).join(',')
const foundBy = (desk: FakeDesk) =>
  [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].flatMap(({ found }) => found)
const seenBy = (desk: FakeDesk) =>
  [...desk.of('renew'), ...desk.of('alarm'), ...desk.of('result')].flatMap(({ observations }) => observations)
const keyed = (list: ResultRequest['recheck'], port: number) => list?.find((one) => one.port === port)?.state

test.concurrent('a clean scan finds what is there, names it, touches it, and says in the end that it is still there', async () => {
  await using desk = await fakeDesk()
  await using ssh = await sshd(HOST)
  await using http = await web(undefined, HOST)
  await using tls = await secure(HOST)
  await using mail = await listener((socket) => socket.write('220 mx.test ESMTP Postfix\r\n'), HOST)
  await using quiet = await silent(HOST)
  await using _ = await agentFor(desk)
  const all = [ssh, http, tls, mail, quiet]
  const result = await desk.result(desk.offer(scanPlan({ ports: `1-300,${portsOf(...all)}`, profile: 'standard' })))

  expect(
    foundBy(desk)
      .map(({ port, service, check }) => [port, service, check])
      .toSorted(),
  ).toEqual(
    [
      [ssh.port, 'ssh', 'greeting'],
      [http.port, 'http', 'http'],
      [tls.port, 'https', 'https'],
      [mail.port, 'smtp', 'greeting'],
      [quiet.port, 'silent', 'tcp'],
    ].toSorted(),
  )
  expect(result).toMatchObject({ outcome: 'done', ports: { asked: 305, tested: 305, untested: '' } })
  expect(result.recheck?.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open', 'open'])
  for (const one of result.engagement ?? []) expect(one.done).toBe(one.planned)
  expect(desk.of('renew').some(({ discovered }) => discovered)).toBe(true)
  expect(desk.of('alarm')).toEqual([])
  expect(result.output).toContain('Open Port Re-check')
  expect(result.output).toMatch(new RegExp(`${ssh.port}/tcp +was open \\d\\d:\\d\\d:\\d\\dZ +still open`))
  expect(http.received()).toContain('GET / HTTP/1.1')
  expect(http.received()).toMatch(/User-Agent: Portwitness\/0\.1 \(\+http:\/\/.*\/\.well-known\/probing\.txt\)/)
})

test.concurrent('open ports are told to the Worker while the scan is still looking', async () => {
  await using desk = await fakeDesk()
  // The order is random: of four ports hardly all come last.
  await using a = await web(undefined, HOST)
  await using b = await web(undefined, HOST)
  await using c = await web(undefined, HOST)
  await using d = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const ports = `${portsOf(a, b, c, d)},40000-40900`
  await desk.result(desk.offer(scanPlan({ ports, maxConnectsPerSecond: 150 })))
  const first = desk.of('renew').find(({ found }) => found.length > 0)
  expect(first?.discovered).toBeUndefined()
})

test.concurrent('a port that is lost in mid-scan is touched once more, its neighbours too, and the alarm goes out', async () => {
  await using desk = await fakeDesk()
  const stays = await web(undefined, HOST)
  const goes = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  let hold = false
  let lost: Endpoint[] = []
  desk.onAlarm = (body) => {
    lost = [...body.lost]
    hold = true
  }
  desk.onRenew = () => ({ hold, lost, askAgainMs: 200 })
  const runId = desk.offer(scanPlan({ ports: portsOf(stays, goes), profile: 'accompany', accompanySeconds: 8 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  await goes.close()
  await until('an alarm', () => desk.of('alarm').length > 0)
  const [alarm] = desk.of('alarm')
  expect(alarm?.lost).toEqual([{ address: HOST, port: goes.port }])
  const beside = alarm?.observations ?? []
  expect(beside.filter(({ port, sight }) => port === goes.port && sight === 'closed').length).toBeGreaterThanOrEqual(1)
  expect(beside).toEqual(expect.arrayContaining([expect.objectContaining({ port: stays.port, sight: 'open' })]))

  // While it is verified the scan waits, and leaves the lost port alone.
  const touches = () => seenBy(desk).filter(({ port, purpose }) => port === goes.port && purpose === 'watch').length
  const before = touches()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(touches()).toBe(before)
  expect(desk.of('result')).toEqual([])
  hold = false
  const result = await desk.result(runId)
  expect(keyed(result.recheck, stays.port)).toBe('open')
  expect(keyed(result.recheck, goes.port)).toBe('closed')
  // A list that each touch renews must not be kept alive by retries: what is lost is asked once.
  expect(seenBy(desk).filter(({ port, purpose }) => port === goes.port && purpose === 'recheck').length).toBe(1)
  expect(result.output).toMatch(new RegExp(`${goes.port}/tcp +was open .* now closed \\(closed \\(ECONNREFUSED`))
  expect(result.output).toMatch(/lost: 127\.0\.0\.9/)
  await stays.close()
})

test.concurrent('an answer that was on its way when the alarm was raised knows nothing of it, and sets nothing free', async () => {
  await using desk = await fakeDesk()
  await using server = await changingWeb(HOST)
  server.answer(200, { server: 'shop', etag: '"1"', 'last-modified': 'today' })
  await using _ = await agentFor(desk)
  const alarmed: Endpoint[] = []
  desk.onAlarm = ({ lost }) => void alarmed.push(...lost)
  desk.onRenew = () => ({ hold: alarmed.length > 0, lost: alarmed, askAgainMs: 200 })
  desk.offer(scanPlan({ ports: portsOf(server), profile: 'accompany', accompanySeconds: 60 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  const before = desk.of('renew').length
  let isSeen = false
  desk.untilRenewed = () => until('the loss to be seen', () => isSeen)
  await until('an answer to be on its way', () => desk.of('renew').length > before)
  server.answer(200, { server: 'guard', 'x-frame-options': 'DENY' })
  const told = server.accepted()
  await until('the first and the second look', () => server.accepted() >= told + 2)
  await new Promise((resolve) => setTimeout(resolve, 500))
  isSeen = true
  await until('the alarm', () => alarmed.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(server.accepted(), 'what is lost is left alone').toBe(told + 2)
  const touches = [{ address: HOST, port: server.port, service: 'http', check: 'http' } as const]
  const verify = desk.offer(touchPlan({ steps: [step(desk, 0, touches, { round: 0 })] }))
  await desk.result(verify)
  expect(
    seenBy(desk)
      .filter(({ purpose }) => purpose === 'verify')
      .map(({ sight }) => sight),
  ).toEqual(['page'])
})

test.concurrent('a neighbour found lost is told before a service that counts touches has had its time to answer', async () => {
  await using desk = await fakeDesk()
  await using servers = await silenced(HOST)
  await using _ = await agentFor(desk)
  desk.onAlarm = ({ lost }) => {
    desk.onRenew = () => ({ hold: true, lost: [...lost], askAgainMs: 200 })
  }
  desk.offer(scanPlan({ ports: servers.ports.join(), profile: 'accompany', accompanySeconds: 30 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  await servers.fallSilent()
  await until('three alarms', () => desk.of('alarm').length >= 3)
  const told = desk.of('alarm').map(({ lost }) => lost.map(({ port }) => servers.ports.indexOf(port)))
  expect(told[2]).toEqual([2])
  expect(told.slice(0, 2).toSorted()).toEqual([[0], [1]])
})

test.concurrent('a port that comes back is re-checked as lost and open again', async () => {
  await using desk = await fakeDesk()
  const first = await web(undefined, HOST)
  let back: Listener | null = null
  await using _ = await agentFor(desk)
  let hold = false
  desk.onAlarm = () => {
    hold = true
  }
  desk.onRenew = () => ({ hold, askAgainMs: 200 })
  const runId = desk.offer(scanPlan({ ports: portsOf(first), profile: 'accompany', accompanySeconds: 7 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  await first.close()
  await until('an alarm', () => desk.of('alarm').length > 0)
  back = await web(undefined, HOST, first.port)
  hold = false
  const result = await desk.result(runId)
  expect(keyed(result.recheck, first.port)).toBe('reopened')
  expect(result.output).toContain('lost and open again')
  await back.close()
})

test.concurrent('what another scanner gets through from our address to a lost port is told, what stood there before is not', async () => {
  await using desk = await fakeDesk()
  const first = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  let hold = false
  let lost: Endpoint[] = []
  desk.onAlarm = (body) => {
    lost = [...body.lost]
    hold = true
  }
  desk.onRenew = () => ({ hold, lost, askAgainMs: 200 })
  const runId = desk.offer(scanPlan({ ports: portsOf(first), profile: 'accompany', accompanySeconds: 7 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  await first.close()
  await until('an alarm', () => desk.of('alarm').length > 0)
  const back = await web(undefined, HOST, first.port)
  const dial = async (localAddress: string) => {
    const socket = connect({ host: HOST, port: first.port, localAddress }).on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }
  const company = () => seenBy(desk).filter(({ purpose }) => purpose === 'company')
  const sockets = [await dial(AGENT_ADDRESS)]
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  sockets.push(await dial('127.0.0.8'))
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(company()).toEqual([])
  sockets.push(await dial(AGENT_ADDRESS))
  await until('the connection to be told', () => company().length > 0)
  expect(company()).toEqual([expect.objectContaining({ port: first.port, sight: 'open', check: 'tcp' })])
  for (const socket of sockets) socket.destroy()
  hold = false
  const result = await desk.result(runId)
  expect(result.output).toMatch(/another scanner got through from this address/)
  await back.close()
})

test.concurrent('a loss that shows only at the re-check is verified before the scan ends', async () => {
  await using desk = await fakeDesk()
  let visits = 0
  // Speaks to the sweep, to identification and to engagement; then never again.
  await using moody = await listener((socket) => {
    visits += 1
    if (visits <= 3) socket.write('SSH-2.0-moody\r\n')
    else socket.resetAndDestroy()
  }, HOST)
  await using _ = await agentFor(desk)
  let hold = false
  desk.onAlarm = () => {
    hold = true
    setTimeout(() => {
      hold = false
    }, 600)
  }
  desk.onRenew = () => ({ hold, askAgainMs: 100 })
  const result = await desk.result(desk.offer(scanPlan({ ports: portsOf(moody), profile: 'standard' })))
  expect(desk.of('alarm').flatMap(({ lost }) => lost)).toEqual([{ address: HOST, port: moody.port }])
  expect(keyed(result.recheck, moody.port)).toBe('closed')
})

test.concurrent('two failed engagement connects running are a loss: the stimulus stops', async () => {
  await using desk = await fakeDesk()
  let requests = 0
  await using guarded = await web((_, response) => {
    requests += 1
    if (requests > 8) response.socket?.resetAndDestroy()
    else response.end('fine')
  }, HOST)
  await using _ = await agentFor(desk)
  let lost: Endpoint[] = []
  desk.onAlarm = (body) => {
    lost = [...body.lost]
  }
  desk.onRenew = () => ({ lost })
  const result = await desk.result(desk.offer(scanPlan({ ports: portsOf(guarded), profile: 'assertive' })))
  expect(desk.of('alarm')).toHaveLength(1)
  const [engaged] = result.engagement ?? []
  expect(engaged?.done).toBeLessThan(engaged?.planned ?? 0)
  expect(guarded.received().match(/GET /g)?.length ?? 0).toBeLessThan(12)
  expect(keyed(result.recheck, guarded.port)).toBe('closed')
})

test.concurrent('a web server that turns to a block page is seen as that, not as open', async () => {
  await using desk = await fakeDesk()
  await using server = await changingWeb(HOST)
  await using _ = await agentFor(desk)
  desk.offer(scanPlan({ ports: portsOf(server), profile: 'accompany', accompanySeconds: 30 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  server.answer(403, { server: 'cloudflare', 'cf-mitigated': 'challenge' })
  await until('an alarm', () => desk.of('alarm').length > 0)
  expect(desk.of('alarm')[0]?.observations).toEqual(
    expect.arrayContaining([expect.objectContaining({ sight: 'page', httpStatus: 403, purpose: 'watch' })]),
  )
})

test.concurrent('an assertive scan lists every stimulus, hostile answers made harmless', async () => {
  await using desk = await fakeDesk()
  await using hostile = await listener((socket) => socket.write('220 \u001b[31mFTP\u001b[0m ready \u202e\r\n'), HOST)
  await using _ = await agentFor(desk)
  const result = await desk.result(desk.offer(scanPlan({ ports: portsOf(hostile), profile: 'assertive' })))
  const engagement = result.output?.split('Engagement\n')[1]?.split('Watch\n')[0] ?? ''
  expect(engagement.match(/sent "/g)?.length).toBe(12)
  expect(engagement).toContain(String.raw`sent "HELP\r\n"`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those must not be there
  expect(result.output).not.toMatch(/[\u001b\u202e]/)
})

test.concurrent('a retest touches its endpoints and nothing else; one that does not answer is verified at once', async () => {
  await using desk = await fakeDesk()
  await using there = await web(undefined, HOST)
  await using shut = await resetting(HOST)
  await using bystander = await silent(HOST)
  await using _ = await agentFor(desk)
  const only = [there, shut].map(({ port }) => ({
    address: HOST,
    port,
    check: 'http' as const,
    service: 'http' as const,
  }))
  const result = await desk.result(
    desk.offer(scanPlan({ ports: portsOf(there, shut, bystander), only, profile: 'standard' })),
  )
  expect(desk.of('alarm').flatMap(({ lost }) => lost)).toEqual([{ address: HOST, port: shut.port }])
  expect(result.ports).toEqual({ asked: 2, tested: 2, untested: '' })
  expect(keyed(result.recheck, there.port)).toBe('open')
  expect(bystander.accepted()).toBe(0)
})

test.concurrent('a retest sweeps the ports that the scan before could not test, and those alone', async () => {
  await using desk = await fakeDesk()
  await using lost = await web(undefined, HOST)
  await using gap = await web(undefined, HOST)
  await using bystander = await silent(HOST)
  await using _ = await agentFor(desk)
  const only = [{ address: HOST, port: lost.port, check: 'http' as const, service: 'http' as const }]
  const plan = scanPlan({ ports: portsOf(lost, gap, bystander), only, gaps: portsOf(gap), profile: 'standard' })
  const result = await desk.result(desk.offer(plan))
  expect(result).toMatchObject({ outcome: 'done', ports: { asked: 2, tested: 2, untested: '' } })
  expect(foundBy(desk).map(({ port }) => port)).toEqual([lost.port, gap.port])
  expect(result.recheck).toHaveLength(2)
  expect(bystander.accepted()).toBe(0)

  // An earlier lease had swept them: what it could not test is still missing, and the lost one is touched all the same.
  const again = await desk.result(desk.offer({ ...plan, discovered: true, untested: portsOf(gap) }))
  expect(again.ports).toEqual({ asked: 2, tested: 1, untested: portsOf(gap) })
})

test.concurrent('a retest waits for the ration of a service that counts touches, and counts only what it touched', async () => {
  await using desk = await fakeDesk()
  await using ssh = await sshd(HOST)
  await using http = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const only = [
    { address: HOST, port: ssh.port, check: 'greeting' as const, service: 'ssh' as const },
    { address: HOST, port: http.port, check: 'http' as const, service: 'http' as const },
  ]
  const plan = scanPlan({ ports: portsOf(ssh, http), only, profile: 'discovery' })
  const spent = desk.offer({ ...touchPlan({}), steps: [100, 200].map((inMs) => step(desk, inMs, only.slice(0, 1))) })
  await desk.result(spent)
  const runId = desk.offer(plan)
  const startedAt = performance.now()
  const result = await desk.result(runId)
  expect(performance.now() - startedAt).toBeGreaterThan(7_000)
  expect(result).toMatchObject({ outcome: 'done', ports: { asked: 2, tested: 2, untested: '' } })
  const looks = seenBy(desk).filter(({ purpose, port }) => purpose === 'identify' && port === ssh.port)
  expect(looks.map(({ sight }) => sight)).toEqual(['open'])

  // Another that is lost again has decided it: nobody waits for the ration, and the port is not tested.
  await using shut = await resetting(HOST)
  await desk.result(desk.offer({ ...touchPlan({}), steps: [step(desk, 100, only.slice(0, 1))] }))
  const lost = [only[0], { ...only[1], port: shut.port }] as typeof only
  const decided = await desk.result(desk.offer({ ...plan, ports: portsOf(ssh, shut), only: lost }))
  expect(decided.ports).toEqual({ asked: 2, tested: 1, untested: `${ssh.port}` })

  // One that may not be touched at all is not tested, whatever else is.
  const away = { address: '127.0.0.010', port: 22, check: 'greeting' as const, service: 'ssh' as const }
  const partly = await desk.result(desk.offer({ ...plan, only: [away, ...only.slice(1)] }))
  expect(partly.ports).toEqual({ asked: 2, tested: 1, untested: '22' })
})

test.concurrent('after a long discovery the panel has time to tell what only it saw, and knows all that was found', async () => {
  await using desk = await fakeDesk()
  await using server = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const ports = `${server.port},40000-40199`
  let isTold = Number.POSITIVE_INFINITY
  desk.onRenew = ({ discovered }) => {
    if (discovered) isTold = Math.min(isTold, performance.now())
    return {}
  }
  await desk.result(desk.offer(scanPlan({ ports, profile: 'discovery', maxConnectsPerSecond: 15 })))
  expect(performance.now() - isTold).toBeGreaterThan(3_500)
  const over = desk.of('renew').findIndex(({ discovered }) => discovered)
  const told = desk.of('renew').slice(0, over + 1)
  expect(told.flatMap(({ found }) => found.map(({ port }) => port))).toEqual([server.port])
})

test.concurrent('a run that is leased again goes on with what was found, and does not find it again', async () => {
  await using desk = await fakeDesk()
  await using known = await web(undefined, HOST)
  await using other = await web(undefined, HOST)
  await using _ = await agentFor(desk)
  const found = {
    address: HOST,
    port: known.port,
    check: 'http' as const,
    service: 'http' as const,
    firstSeenOpenAt: Date.now() - 60_000,
  }
  const result = await desk.result(
    desk.offer(
      scanPlan({
        ports: portsOf(known, other),
        profile: 'standard',
        known: [found],
        discovered: true,
        untested: `${other.port}`,
      }),
    ),
  )
  expect(result.ports, 'what the earlier lease could not test').toEqual({
    asked: 2,
    tested: 1,
    untested: `${other.port}`,
  })
  expect(foundBy(desk)).toEqual([])
  expect(result.recheck).toEqual([{ address: HOST, port: known.port, state: 'open' }])
  expect(other.accepted()).toBe(0)
  expect(seenBy(desk).some(({ purpose }) => purpose === 'identify')).toBe(false)
})

test.concurrent('an end of the process leaves the scan to be leased again: no result, and it starts over after', async () => {
  await using desk = await fakeDesk()
  await using server = await web(undefined, HOST)
  await using agent = await agentFor(desk)
  const runId = desk.offer(scanPlan({ ports: portsOf(server), profile: 'accompany', accompanySeconds: 5 }))
  await until('the scan to be ready', () => desk.of('renew').some(({ ready }) => ready))
  await agent.stop()
  expect(desk.of('result')).toEqual([])
  agent.start()
  expect(await desk.result(runId)).toMatchObject({ epoch: 2, outcome: 'done' })
})

test.concurrent('five random high ports are touched, and a host that refuses them may be trusted', async () => {
  await using desk = await fakeDesk()
  await using server = await silent(HOST)
  await using _ = await agentFor(desk)
  await desk.result(desk.offer(scanPlan({ ports: portsOf(server) })))
  const phantoms = seenBy(desk).filter(({ purpose }) => purpose === 'phantom')
  expect(phantoms).toHaveLength(5)
  expect(new Set(phantoms.map(({ sight }) => sight))).toEqual(new Set(['closed']))
  expect(foundBy(desk).some(({ phantom }) => phantom)).toBe(false)
})

test.concurrent('a service that greets with a refusal was there, and is told as a notice', async () => {
  await using desk = await fakeDesk()
  await using mail = await refusingMail(HOST)
  await using _ = await agentFor(desk)
  await desk.result(desk.offer(scanPlan({ ports: portsOf(mail) })))
  expect(seenBy(desk)).toEqual(
    expect.arrayContaining([expect.objectContaining({ purpose: 'identify', sight: 'notice', port: mail.port })]),
  )
})
