/** What the experiments of the method (E2 to E8) found at an endpoint, as plain data for those who weigh causes. */
export { type Geography, geographyOf, type Nearness } from './experiments/geography.ts'
export { type LayerTest, layerTest } from './experiments/layers.ts'
export { type Onset, onsetOf } from './experiments/onset.ts'
export { isLimited, type RateTest, rateTest, signsOfLimit } from './experiments/rate.ts'
export { type Renewal, renewalOf } from './experiments/renewal.ts'
