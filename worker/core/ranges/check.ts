import { type Address, isPublic } from '../../../schema/address.ts'
import { keyOf } from '../../../schema/cidr.ts'
import type { CheckAnswer } from '../../../schema/ranges.ts'
import { day, isPublished, type Range } from './life.ts'
import { prefixOf } from './list.ts'

/** "Is this address yours?" Of private ranges nothing is told: the answer is the same whether there are any or not. */
export function checkAddress(ranges: readonly Range[], address: Address): CheckAnswer {
  const key = keyOf(address)
  const held = ranges.filter((range) => range.isPublic === 1 && range.firstKey <= key && range.lastKey >= key)
  const range = held.find(isPublished) ?? held[0] ?? null
  return {
    address: address.text,
    ours: range !== null && isPublished(range),
    detail: sentence(address, range),
    range: range && isPublished(range) ? prefixOf(range) : null,
  }
}

function sentence(address: Address, range: Range | null): string {
  if (!range)
    return isPublic(address)
      ? `No: ${address.text} is in none of our ranges. What came from there was not ours.`
      : `${address.text} is not an address of the public internet. Only public ranges are published: of this one we cannot tell you.`
  const where = `${address.text} lies in ${range.cidr}`
  switch (range.state) {
    case 'announced':
      return `It will be: ${where}, which is announced and not used before ${day(range.activeFrom)}. What came from there so far was not ours.`
    case 'active':
      return `Yes: ${where}, which is ours.`
    case 'retiring':
      return `Yes: ${where}, which is ours until ${day(range.retireAfter ?? range.activeFrom)}.`
    case 'retired':
      return `No longer: ${where}, which was ours until ${day(range.retireAfter ?? range.activeFrom)}.`
  }
}
