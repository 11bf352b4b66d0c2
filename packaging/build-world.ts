/**
 * The world map of the overview, made once and kept: `node packaging/build-world.ts ATLAS CODES` writes worker/portal/map/world.ts.
 * ATLAS is `countries-50m.json` of the npm package world-atlas 2.0.2 (TopoJSON of Natural Earth 1:50m, public domain), CODES is
 * `codes.json` of the npm package i18n-iso-countries 7 (ISO 3166-1: alpha-2 and numeric). Nothing of either goes into the product but
 * what is written here: dots where there is land, and the middle of each country.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Point = readonly [number, number]
type Ring = readonly Point[]
interface Shape {
  type: 'Polygon' | 'MultiPolygon'
  id?: string
  properties: { name: string }
  arcs: number[][] | number[][][]
}
interface Atlas {
  transform: { scale: [number, number]; translate: [number, number] }
  arcs: [number, number][][]
  objects: { countries: { geometries: Shape[] } }
}

/** Degrees between two dots, and where the map ends: nobody puts a probe into the ice. */
const STEP = 2.5
const NORTH = 76
const SOUTH = -56
/** Units of the drawing for one degree. */
const SCALE = 2

const [atlasPath = '', codesPath = ''] = process.argv.slice(2)
const atlas = JSON.parse(readFileSync(atlasPath, 'utf8')) as Atlas
const codes = JSON.parse(readFileSync(codesPath, 'utf8')) as [string, string, string][]
const alpha2 = new Map(codes.map(([two, , number]) => [number, two]))

const arcs = atlas.arcs.map((arc) => {
  let [x, y] = [0, 0]
  return arc.map(([dx, dy]): Point => {
    x += dx
    y += dy
    const { scale, translate } = atlas.transform
    return [x * scale[0] + translate[0], y * scale[1] + translate[1]]
  })
})
// A negative number is the arc with this complement, backwards (TopoJSON, section 2.1.4).
const ringOf = (parts: readonly number[]): Ring =>
  parts.flatMap((part) => (part < 0 ? (arcs[~part] ?? []).toReversed() : (arcs[part] ?? [])))
const polygonsOf = (shape: Shape): Ring[][] =>
  (shape.type === 'Polygon' ? [shape.arcs as number[][]] : (shape.arcs as number[][][])).map((rings) =>
    rings.map(ringOf),
  )

/** Twice the area, signed, and the centre of mass. */
function centreOf(ring: Ring): { area: number; at: Point } {
  let [area, x, y] = [0, 0, 0]
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length] as Point
    const cross = x1 * y2 - x2 * y1
    area += cross
    x += (x1 + x2) * cross
    y += (y1 + y2) * cross
  })
  return { area, at: area === 0 ? (ring[0] as Point) : [x / (3 * area), y / (3 * area)] }
}

/** Even-odd, along a line to the east. */
const isInside = ([x, y]: Point, ring: Ring): boolean =>
  ring.reduce((inside, [x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length] as Point
    return y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1 ? !inside : inside
  }, false)

const place = ([lon, lat]: Point): Point => [Math.round((lon + 180) * SCALE), Math.round((NORTH - lat) * SCALE)]

const { geometries } = atlas.objects.countries
const middles: Record<string, Point> = {}
for (const shape of geometries) {
  const code = alpha2.get(shape.id ?? '')
  const rings = polygonsOf(shape).map(([outer = []]) => centreOf(outer))
  const largest = rings.toSorted((a, b) => Math.abs(b.area) - Math.abs(a.area))[0]
  if (code && largest) middles[code] = place(largest.at)
}

const polygons = geometries.flatMap(polygonsOf).map((rings) => {
  const [outer = []] = rings
  const xs = outer.map(([x]) => x)
  const ys = outer.map(([, y]) => y)
  return { rings, box: [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)] as const }
})
const isLand = (at: Point): boolean =>
  polygons.some(
    ({ rings, box: [west, east, south, north] }) =>
      at[0] >= west &&
      at[0] <= east &&
      at[1] >= south &&
      at[1] <= north &&
      rings.filter((ring) => isInside(at, ring)).length % 2 === 1,
  )

// Dots in a row are one stroke: the dashes of the style sheet make them dots again.
const gap = STEP * SCALE
const strokes: string[] = []
for (let row = 0, lat = NORTH - STEP / 2; lat > SOUTH; row++, lat -= STEP) {
  let from: number | null = null
  const columns = 360 / STEP
  for (let column = 0; column <= columns; column++) {
    const land = column < columns && isLand([-180 + (column + 0.5) * STEP, lat])
    if (land) from ??= column
    else if (from !== null) {
      strokes.push(`M${(from + 0.5) * gap} ${(row + 0.5) * gap}h${(column - 1 - from) * gap || 0.1}`)
      from = null
    }
  }
}

const list = Object.entries(middles)
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([code, [x, y]]) => `${code} ${x} ${y}`)
  .join(',')
writeFileSync(
  join(import.meta.dirname, '../worker/portal/map/world.ts'),
  `// Made by packaging/build-world.ts from Natural Earth 1:50m (public domain), as npm world-atlas 2.0.2 has it.

/** Units of the drawing: equirectangular, ${SCALE} for a degree, from ${NORTH}° north to ${-SOUTH}° south. */
export const WIDTH = ${360 * SCALE}
export const HEIGHT = ${(NORTH - SOUTH) * SCALE}
/** Between two dots. */
export const GAP = ${gap}

/** Land: one stroke for each row of dots. */
export const LAND =
  '${strokes.join('')}'

/** ISO 3166-1 alpha-2 and the middle of the country's largest part. */
export const MIDDLES =
  '${list}'
`,
)
console.log(
  `${strokes.length} strokes, ${strokes.join('').length} bytes; ${Object.keys(middles).length} countries, ${list.length} bytes`,
)
