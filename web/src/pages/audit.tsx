// The record: what one may see of who did what, twenty rows at a time; on the admin path, what happened to the vault.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Download, ScrollText, ShieldCheck } from 'lucide-react';
import { useRef } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { api, ask, type Schemas } from '../api.ts';
import { type ActivityQuery, apiQuery, type Filter, readFilter, searchOf } from '../audit/filter.ts';
import { FilterForm, FilterInWords } from '../audit/filter-form.tsx';
import { actorInWords, Rows } from '../audit/rows.tsx';
import { Seal } from '../audit/seal.tsx';
import { Button } from '../components/button.tsx';
import { EmptyState, Failure, Loading } from '../components/feedback.tsx';
import type { Option } from '../components/fields.tsx';
import { goTo } from '../components/kept-focus.ts';
import { Page } from '../components/page.tsx';
import { useMe } from '../session.tsx';
import { administers } from '../workspaces/roles.ts';
import { useWorkspaces } from '../workspaces/workspaces.ts';

type Root = '/api/credentials/audit' | '/api/admin/secrets/audit';

const LEAD =
  'What you did, what was done with your own credentials, and all that happened in workspaces that you administer. Reading it is recorded, too.';
const SEALED =
  "Each row is sealed within seconds. An auditor can detect any later change, removal or insertion, even by the database's owner.";
const ADMIN_LEAD =
  'What happened to admin secrets, invitations, settings, keys and the record itself, and what you did. Reading it is recorded, too.';

const NONE = 'No rows match that you may see.';

export function Audit() {
  const { workspaces } = useWorkspaces();
  return (
    <RecordPage
      title="Audit record"
      lead={LEAD}
      root="/api/credentials/audit"
      workspaces={workspaces.filter(({ role }) => administers(role))}
    />
  );
}

export function AdminAudit() {
  return <RecordPage title="Admin audit" lead={ADMIN_LEAD} root="/api/admin/secrets/audit" workspaces={[]} />;
}

type RecordProps = { title: string; lead: string; root: Root; workspaces: Schemas['Workspace'][] };

function RecordPage({ title, lead, root, workspaces }: RecordProps) {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const list = useRef<HTMLElement>(null);
  const filter = readFilter(search);
  const query = { ...apiQuery(filter), cursor: search.get('cursor') ?? undefined };
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ['record', root, query],
    // Reading it adds to it.
    staleTime: 0,
    queryFn: () => ask(api.GET(root, { params: { query } })),
    placeholderData: keepPreviousData,
  });
  // Another page is read from its beginning.
  const goToTop = () => {
    goTo(list.current);
    list.current?.scrollIntoView();
  };
  const people = useActors(data?.items ?? [], filter);
  const choosing = { filter, onApply: (filter: Filter) => navigate(searchOf(filter)), workspaces, people };
  return (
    <Page title={title} lead={lead} actions={<Exports root={root} query={apiQuery(filter)} />}>
      {root === '/api/admin/secrets/audit' ? (
        <Seal />
      ) : (
        <p className="hint lined">
          <ShieldCheck aria-hidden size={18} />
          {SEALED}
        </p>
      )}
      <FilterForm {...choosing} />
      <FilterInWords {...choosing} />
      <p role="status" className="visually-hidden">
        {data && !error && (data.items.length > 0 ? `${data.items.length} ${data.items.length === 1 ? 'row' : 'rows'}` : NONE)}
      </p>
      {error && <Failure error={error} retry={refetch} />}
      {!data && !error && <Loading />}
      {data && !error && (
        <section ref={list} aria-label="Rows" aria-busy={isPlaceholderData} className="stack">
          {data.items.length > 0 ? <Rows rows={data.items} /> : <Nothing />}
          <Paging next={data.next_cursor} filter={filter} onTurn={goToTop} />
        </section>
      )}
    </Page>
  );
}

/** Who can be chosen: oneself, whoever is on the screen, and whoever is chosen already. */
function useActors(rows: Schemas['Activity'][], filter: Filter): Option<string>[] {
  const me = useMe();
  const people = new Map([[me.id, `${me.display_name} (you)`]]);
  if (filter.actor_id && !people.has(filter.actor_id)) people.set(filter.actor_id, `${filter.actor_id.slice(0, 8)}…`);
  for (const row of rows) {
    if (row.actor_id && row.actor_id !== me.id) people.set(row.actor_id, actorInWords(row));
  }
  return [...people].map(([id, label]) => ({ id, label }));
}

function Nothing() {
  return (
    <EmptyState icon={<ScrollText size={28} />} title="Nothing here">
      <p>{NONE}</p>
    </EmptyState>
  );
}

type PagingProps = { next: string | undefined; filter: Filter; onTurn: () => void };

/** By cursor: the way back is the way that one came, which the browser's history remembers with each page. */
function Paging({ next, filter, onTurn }: PagingProps) {
  const { search, state } = useLocation();
  const navigate = useNavigate();
  const trail: string[] = Array.isArray(state?.trail) ? state.trail : [];
  const isFirst = !new URLSearchParams(search).has('cursor');
  const turnTo = (address: string, trail: string[]) => {
    onTurn();
    return navigate(address, { state: { trail } });
  };
  const older = () => {
    const address = new URLSearchParams(searchOf(filter));
    address.set('cursor', next ?? '');
    return turnTo(`?${address}`, [...trail, search]);
  };
  const newer = () => turnTo(trail.at(-1) || searchOf(filter), trail.slice(0, -1));
  if (isFirst && !next) return null;
  return (
    <nav aria-label="Pages of the record" className="row spread">
      <Button isDisabled={isFirst} onPress={newer}>
        Newer
      </Button>
      <Button isDisabled={!next} onPress={older}>
        Older
      </Button>
    </nav>
  );
}

/** The server streams them as downloads; nothing of them passes through the page. */
function Exports({ root, query }: { root: Root; query: ActivityQuery }) {
  const link = (format: 'csv' | 'jsonl') => `${root}/export?${new URLSearchParams({ ...(query as Filter), format })}`;
  return (
    <>
      <a className="button secondary" href={link('csv')} download>
        <Download aria-hidden size={16} />
        CSV
      </a>
      <a className="button secondary" href={link('jsonl')} download>
        <Download aria-hidden size={16} />
        JSON Lines
      </a>
    </>
  );
}
