// The credentials that one may know of, found by search and filters that are in the address.
import { KeyRound, LayoutGrid, Plus, Rows3, SearchX } from 'lucide-react';
import { useState } from 'react';
import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import { useSearchParams } from 'react-router';
import { Button, ButtonLink } from '../components/button.tsx';
import { EmptyState } from '../components/feedback.tsx';
import { List } from '../components/list.tsx';
import { Page } from '../components/page.tsx';
import { useCredentials, useVault } from '../credentials/api.ts';
import { FilterBar } from '../credentials/filter-bar.tsx';
import { addressOf, filtersOf, OWN, queryOf } from '../credentials/filters.ts';
import { Cards, Table } from '../credentials/list.tsx';
import { chosenView, chooseView, type View } from '../credentials/view.ts';

export function CredentialList() {
  const { isSystem, pages } = useVault();
  const [search, setSearch] = useSearchParams();
  const filters = filtersOf(search);
  const isTeam = filters.workspace && filters.workspace !== OWN;
  const [view, setView] = useState(chosenView);
  const chooseAndKeep = (view: View) => {
    chooseView(view);
    setView(view);
  };
  return (
    <Page
      title={isSystem ? 'Admin secrets' : 'Credentials'}
      lead={
        isSystem
          ? 'What this vault itself needs. Every vault administrator can see these.'
          : 'Your own, those of your workspaces, and what others share with you.'
      }
      actions={
        <ButtonLink to={{ pathname: `${pages}/new`, search: isTeam ? `?workspace=${filters.workspace}` : '' }} variant="primary">
          <Plus aria-hidden size={18} /> {isSystem ? 'New secret' : 'New credential'}
        </ButtonLink>
      }
    >
      <FilterBar filters={filters} onChange={(filters) => setSearch(addressOf(filters), { replace: true })}>
        <ViewChoice view={view} onChange={chooseAndKeep} />
      </FilterBar>
      <Found search={search} view={view} onClear={() => setSearch({})} />
    </Page>
  );
}

function ViewChoice({ view, onChange }: { view: View; onChange: (view: View) => void }) {
  return (
    <ToggleButtonGroup
      aria-label="Shown as"
      className="view-choice"
      disallowEmptySelection
      selectedKeys={[view]}
      onSelectionChange={([chosen]) => onChange(chosen as View)}
    >
      <ToggleButton id="cards" className="segment" aria-label="Cards">
        <LayoutGrid aria-hidden size={16} />
      </ToggleButton>
      <ToggleButton id="table" className="segment" aria-label="Table">
        <Rows3 aria-hidden size={16} />
      </ToggleButton>
    </ToggleButtonGroup>
  );
}

function Found({ search, view, onClear }: { search: URLSearchParams; view: View; onClear: () => void }) {
  const { isSystem } = useVault();
  const filters = filtersOf(search);
  const list = useCredentials(queryOf(filters));
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <List
      list={list}
      nouns={isSystem ? ['secret', 'secrets'] : ['credential', 'credentials']}
      none={isFiltered ? `No ${isSystem ? 'secret' : 'credential'} that you can see matches.` : undefined}
      empty={isFiltered ? <NoneOfThese onClear={onClear} /> : <NoneYet />}
    >
      {(credentials) => (view === 'cards' ? <Cards credentials={credentials} /> : <Table credentials={credentials} />)}
    </List>
  );
}

function NoneOfThese({ onClear }: { onClear: () => void }) {
  return (
    <EmptyState icon={<SearchX size={24} />} title="Nothing matches">
      <p>{useVault().isSystem ? 'No secret' : 'No credential'} that you can see matches.</p>
      <Button onPress={onClear}>Clear the filters</Button>
    </EmptyState>
  );
}

function NoneYet() {
  return useVault().isSystem ? <NoSecretYet /> : <NoCredentialYet />;
}

function NoCredentialYet() {
  return (
    <EmptyState icon={<KeyRound size={24} />} title="Create your first credential">
      <p className="measure">
        API keys, git tokens, OAuth tokens, passwords, signing keys: whatever is in a .env file, a chat or a note now. It is
        sealed, only you see it until you share it, and every look at it is recorded.
      </p>
      <CreateFirst>New credential</CreateFirst>
      <p>
        Or in a terminal, which asks for the value: <code>strongroom cred add "GitHub CI" --provider github</code>
      </p>
    </EmptyState>
  );
}

function NoSecretYet() {
  return (
    <EmptyState icon={<KeyRound size={24} />} title="No secrets of this vault yet">
      <p className="measure">
        What this vault needs and no single person owns: the mail relay’s password, a licence key, a webhook’s signing
        secret.
      </p>
      <CreateFirst>New secret</CreateFirst>
    </EmptyState>
  );
}

function CreateFirst({ children }: { children: string }) {
  return (
    <ButtonLink to={`${useVault().pages}/new`} variant="primary">
      <Plus aria-hidden size={18} /> {children}
    </ButtonLink>
  );
}
