import { COUNTING_ANSWERS, WEB_ANSWERS, WEB_PEACE } from './application.ts'
import { HOST_BANS } from './bans.ts'
import { CHANGES, GIVEN } from './given.ts'
import { LIMITS } from './limits.ts'
import { NET_BANS } from './net-bans.ts'
import { POLICIES } from './policies.ts'
import type { Scenario } from './scenario.ts'
import { WAYS } from './ways.ts'

/** P and N numbers are those of the method's list (detection-science.md, section 6); X and U are our own. */
export const SCENARIOS: readonly Scenario[] = [
  ...HOST_BANS,
  ...NET_BANS,
  ...LIMITS,
  ...WEB_ANSWERS,
  ...WEB_PEACE,
  ...COUNTING_ANSWERS,
  ...POLICIES,
  ...GIVEN,
  ...CHANGES,
  ...WAYS,
]
