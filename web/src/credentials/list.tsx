// Credentials, as cards or as a table.
import { Link } from 'react-router';
import { TableHead } from '../components/table-head.tsx';
import { Time } from '../components/time.tsx';
import { shownName } from '../shown-name.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';
import { type Credential, useVault } from './api.ts';
import { Badges } from './badges.tsx';
import { ProviderIcon } from '../providers/provider-icon.tsx';
import { providerName } from '../providers/providers.ts';
import { typeLabel } from './types.ts';

export function Cards({ credentials }: { credentials: readonly Credential[] }) {
  return (
    <ul className="credential-cards">
      {credentials.map((credential) => (
        <li key={credential.id}>
          <Card credential={credential} />
        </li>
      ))}
    </ul>
  );
}

function Card({ credential }: { credential: Credential }) {
  const { provider, type, masked_value, tags, is_active } = credential;
  return (
    <article className={is_active ? 'card credential' : 'card credential dim'}>
      <div className="credential-top">
        <ProviderIcon provider={provider} />
        <div className="credential-name">
          <h2>
            <NameLink credential={credential} />
          </h2>
          <span className="hint">
            {providerName(provider)} · {typeLabel(type)}
          </span>
        </div>
      </div>
      <code>{masked_value}</code>
      <Badges credential={credential} />
      {tags.length > 0 && <Tags tags={tags} />}
      <span className="hint credential-foot">
        <Whose credential={credential} /> <LastUse credential={credential} />
      </span>
    </article>
  );
}

export function Table({ credentials }: { credentials: readonly Credential[] }) {
  return (
    <table className="table">
      <TableHead columns={['Name', 'Value', 'Where', 'State', 'Last used']} />
      <tbody>
        {credentials.map((credential) => (
          <tr key={credential.id}>
            <td>
              <span className="credential-top">
                <ProviderIcon provider={credential.provider} />
                <span className="credential-name">
                  <NameLink credential={credential} />
                  <span className="hint block">{providerName(credential.provider)}</span>
                </span>
              </span>
            </td>
            <td data-label="Value">
              <code>{credential.masked_value}</code>
            </td>
            <td data-label="Where">
              <Whose credential={credential} />
            </td>
            <td data-label="State">
              <Badges credential={credential} />
            </td>
            <td data-label="Last used">{credential.last_used_at ? <Time value={credential.last_used_at} /> : '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NameLink({ credential: { id, name } }: { credential: Credential }) {
  const { pages } = useVault();
  return <Link to={`${pages}/${id}`}>{shownName(name)}</Link>;
}

export function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <ul className="tags" aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag} className="tag">
          {tag}
        </li>
      ))}
    </ul>
  );
}

/** Whose it is, in a word or two. */
export function Whose({ credential: { scope, workspace_id } }: { credential: Credential }) {
  const { workspaces } = useWorkspaces();
  if (scope === 'USER') return <span>Personal</span>;
  if (scope === 'SYSTEM') return <span>This vault</span>;
  return <span>{shownName(workspaces.find(({ id }) => id === workspace_id)?.name ?? 'A workspace')}</span>;
}

function LastUse({ credential: { last_used_at } }: { credential: Credential }) {
  return last_used_at ? <span>Used <Time value={last_used_at} /></span> : null;
}
