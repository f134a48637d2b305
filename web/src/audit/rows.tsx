// Rows of the record: what was done, on what, by whom and when; all else on a press. What was denied is told by a word and a
// sign, not by colour alone.
import { Ban, Check } from 'lucide-react';
import { Link } from 'react-router';
import type { Schemas } from '../api.ts';
import { Badge } from '../components/feedback.tsx';
import { Facts } from '../components/facts.tsx';
import { ExactTime } from '../components/time.tsx';
import { providerName } from '../providers/providers.ts';
import { shownName } from '../shown-name.ts';
import { searchOf } from './filter.ts';
import { ACTIONS, codeInWords, KINDS, nameInWords } from './words.ts';

type Activity = Schemas['Activity'];

/** Of what there is one of alone, such as the settings. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

export function Rows({ rows }: { rows: Activity[] }) {
  return (
    <ul className="record">
      {rows.map((row) => (
        <li key={row.id}>
          <details>
            <summary>
              {row.outcome === 'DENIED' ? (
                <Ban aria-hidden size={18} className="denied" />
              ) : (
                <Check aria-hidden size={18} className="allowed" />
              )}
              <span className="what">
                <strong>{ACTIONS[row.action]}</strong> {row.outcome === 'DENIED' && <Badge tone="danger">Denied</Badge>}
                <span className="hint block">{onWhat(row)}</span>
              </span>
              <span className="who">{shownName(actorInWords(row))}</span>
              <span className="when hint">
                <ExactTime value={row.occurred_at} />
              </span>
            </summary>
            <Details row={row} />
          </details>
        </li>
      ))}
    </ul>
  );
}

function onWhat(row: Activity): string {
  return shownName([nameInWords(row), row.provider && providerName(row.provider)].filter(Boolean).join(' · '));
}

/** Nobody acted where the settings did, or whoever holds the keys. */
export function actorInWords({ actor_id, actor_name }: Activity): string {
  return actor_name ?? (actor_id ? `Somebody (${actor_id.slice(0, 8)}…)` : 'The vault itself');
}

function Details({ row }: { row: Activity }) {
  const code = (text: string | number | null | undefined) => text && <code>{text}</code>;
  return (
    <div className="stack details">
      <Facts
        facts={{
          'Denied because': row.reason && codeInWords(row.reason),
          [KINDS[row.entity_type]]: row.entity_id !== NO_ID && code(row.entity_id),
          'Version': row.version,
          'By': code(row.actor_id),
          'For': code(row.grantee_id),
          'Workspace': code(row.workspace_id),
          'Address': code(row.address),
          'Program': row.user_agent && <span title="What it called itself: a claim">{row.user_agent}</span>,
          'Proven by token': code(row.token_id),
          'Request': code(row.request_id),
          'Row': code(row.id),
        }}
      />
      <p className="row">
        {row.actor_id && <Link to={searchOf({ actor_id: row.actor_id })}>All that they did</Link>}
        {row.entity_type === 'CREDENTIAL' && (
          <Link to={searchOf({ credential_id: row.entity_id })}>All about this credential</Link>
        )}
      </p>
    </div>
  );
}
