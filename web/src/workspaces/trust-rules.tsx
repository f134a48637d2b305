// Which workloads come in as a service account, by the word of an OpenID provider that the operator allows.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { api, ask, type Schemas } from '../api.ts';
import { Button } from '../components/button.tsx';
import { ConfirmDialog } from '../components/dialog.tsx';
import { EmptyState } from '../components/feedback.tsx';
import { Facts } from '../components/facts.tsx';
import { List, useList } from '../components/list.tsx';
import { Section } from '../components/page.tsx';
import { providerName } from '../providers/providers.ts';
import { actionsInWords } from '../tokens/actions.ts';
import { NewTrustRule } from './new-trust-rule.tsx';
import { type AccountPath, WORKSPACES } from './workspaces.ts';

export const RULES = '/api/workspaces/{id}/service-accounts/{account_id}/trust-rules';

type Rule = Schemas['TrustRule'];

/** The key of a service account's rules. */
export function rulesKey({ id, account_id }: AccountPath) {
  return [...WORKSPACES, id, 'service-accounts', account_id, 'trust-rules'];
}

export function TrustRules({ path }: { path: AccountPath }) {
  const [isNew, setNew] = useState(false);
  const [leaving, setLeaving] = useState<Rule>();
  const list = useList(rulesKey(path), (cursor) => ask(api.GET(RULES, { params: { path, query: { cursor } } })));
  return (
    <Section
      title="Trusted workloads"
      lead="A workload that has a token of its CI or cluster trades it for a short-lived token of this account."
      actions={<Button onPress={() => setNew(true)}>New rule</Button>}
    >
      <List
        list={list}
        nouns={['rule', 'rules']}
        empty={
          <EmptyState icon={<ShieldCheck size={28} />} title="No workload is trusted yet">
            <p>A rule says which: the repository and branch of a CI job, or the service account of a pod.</p>
          </EmptyState>
        }
      >
        {(rules) => (
          <ul className="cards">
            {rules.map((rule) => (
              <li key={rule.id} className="card">
                <RuleFacts rule={rule} />
                <div>
                  <Button aria-label={`Remove the rule for ${subject(rule)}`} onPress={() => setLeaving(rule)}>
                    Remove
                  </Button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </List>
      {isNew && <NewTrustRule path={path} onClose={() => setNew(false)} />}
      {leaving && <RemoveRule path={path} rule={leaving} onClose={() => setLeaving(undefined)} />}
    </Section>
  );
}

function RuleFacts({ rule }: { rule: Rule }) {
  const claims = Object.entries(rule.claims).map(([name, pattern]) => [name, <code>{pattern}</code>] as const);
  return (
    <Facts
      facts={{
        'Issuer': <code>{rule.issuer}</code>,
        'Audience': <code>{rule.audience}</code>,
        ...Object.fromEntries(claims),
        'May': actionsInWords(rule.actions),
        'Only for': rule.provider && providerName(rule.provider),
        'Each token lives': `${Math.round(rule.lifetime_seconds / 60)} minutes`,
      }}
    />
  );
}

function subject(rule: Rule): string {
  return rule.claims.sub ?? Object.values(rule.claims)[0] ?? rule.issuer;
}

function RemoveRule({ path, rule, onClose }: { path: AccountPath; rule: Rule; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => ask(api.DELETE(`${RULES}/{rule_id}`, { params: { path: { ...path, rule_id: rule.id } } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: rulesKey(path) });
      onClose();
    },
  });
  return (
    <ConfirmDialog title="Trust this workload no more?" act="Remove" danger mutation={remove} onClose={onClose}>
      <p>
        <code>{subject(rule)}</code> gets no more tokens. Those that it has live on, for an hour at most.
      </p>
    </ConfirmDialog>
  );
}
