import type { PanelMember } from '../../../schema/facts.ts'
import { Table } from '../parts/table.tsx'
import { controlsOf, notExcluded } from './controls.ts'
import type { ReportView } from './view.ts'

/** Who looked, from where. */
export const PanelPart = ({ panel }: { panel: readonly PanelMember[] }) => (
  <section>
    <h2>Who looked</h2>
    {panel.length === 0 ? (
      <p>No panel was chosen: the scan did not begin.</p>
    ) : (
      <Table
        label="Panel"
        columns={['Role', 'Site', 'Address', 'Provider', 'Country', 'Network', 'Fit', 'Rested']}
        rows={panel.map((member) => [
          member.role,
          member.site,
          <code>{member.sourceAddress}</code>,
          member.provider ?? 'not told',
          member.country ?? 'not told',
          member.asn === null ? 'not told' : `AS${member.asn}`,
          member.fit ? 'yes' : 'no',
          member.role === 'scanner' ? 'it scans' : member.rested ? 'yes' : 'no',
        ])}
      />
    )}
    <p>
      The scanner does the scan. The sibling shares its site and way: if it gets through, the way is not to blame.
      Witnesses are elsewhere: if they get through, the service is not down. All but the scanner only look.
    </p>
  </section>
)

/** What kept the judgement honest, and what it does not say. */
export const ControlsPart = ({ report }: { report: ReportView }) => {
  const open = notExcluded(report)
  return (
    <section>
      <h2>Controls</h2>
      <Table
        label="Controls"
        columns={['Control', 'What it is for', 'What it showed']}
        rows={controlsOf(report).map(({ name, aim, saw }) => [name, aim, saw])}
      />
      <h3>What could not be excluded</h3>
      {open.length === 0 ? (
        <p>Nothing of the kind is known.</p>
      ) : (
        <ul class="plain">
          {open.map((line) => (
            <li>{line}</li>
          ))}
        </ul>
      )}
    </section>
  )
}
