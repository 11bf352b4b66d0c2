import type { CheckName } from '../../schema/words.ts'
import type { Check } from './check.ts'
import { greeting } from './greeting.ts'
import { http, https } from './http.ts'
import { tcp } from './tcp.ts'
import { tls } from './tls.ts'

export const CHECK_BY_NAME = { tcp, greeting, tls, http, https } satisfies Record<CheckName, Check>
