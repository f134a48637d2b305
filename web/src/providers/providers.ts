// The services that most credentials are for: what they are called here, what their secrets look like, where one makes them.
// A format only warns: services change theirs, and what somebody wants to keep is his own affair.
import {
  siAnthropic,
  siCloudflare,
  siDigitalocean,
  siDocker,
  siGithub,
  siGitlab,
  siGoogle,
  siHuggingface,
  siMistralai,
  siNpm,
  siPostgresql,
  siPypi,
  siSentry,
  siStripe,
} from 'simple-icons';
import type { Schemas } from '../api.ts';

export type Preset = {
  /** The `provider` of the API. */
  id: string;
  name: string;
  /** The path of an icon of 24 by 24. */
  icon?: string;
  /** The letters that it is known by, where there is no free icon. */
  letters?: string;
  type: Schemas['CredentialType'];
  /** How its secrets usually look, to be read and to be compared. */
  format?: { hint: string; pattern: RegExp };
  /** The page of the service on which one makes them. */
  madeAt?: string;
};

export const PRESETS: readonly Preset[] = [
  {
    id: 'github',
    name: 'GitHub',
    icon: siGithub.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'GitHub tokens usually begin with ghp_ or github_pat_.', pattern: /^(gh[pousr]_|github_pat_)\w+$/ },
    madeAt: 'https://github.com/settings/tokens',
  },
  {
    id: 'gitlab',
    name: 'GitLab',
    icon: siGitlab.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'GitLab tokens usually begin with glpat- or another gl…- prefix.', pattern: /^gl[a-z]+-[\w.-]+$/ },
    madeAt: 'https://gitlab.com/-/user_settings/personal_access_tokens',
  },
  {
    id: 'openai',
    name: 'OpenAI',
    letters: 'AI',
    type: 'API_KEY',
    format: { hint: 'OpenAI keys usually begin with sk-.', pattern: /^sk-(?!ant-)[\w-]+$/ },
    madeAt: 'https://platform.openai.com/api-keys',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    icon: siAnthropic.path,
    type: 'API_KEY',
    format: { hint: 'Anthropic keys usually begin with sk-ant-.', pattern: /^sk-ant-[\w-]+$/ },
    madeAt: 'https://console.anthropic.com/settings/keys',
  },
  {
    id: 'aws',
    name: 'AWS',
    letters: 'AWS',
    type: 'SECRET',
    format: {
      hint: 'AWS secret access keys usually have 40 characters; the access key id (AKIA…) goes into a field of its own.',
      pattern: /^[A-Za-z0-9/+]{40}$/,
    },
    madeAt: 'https://console.aws.amazon.com/iam/home#/security_credentials',
  },
  {
    id: 'google',
    name: 'Google',
    icon: siGoogle.path,
    type: 'API_KEY',
    format: {
      hint: 'Google API keys usually begin with AIza; a service account’s key is JSON.',
      pattern: /^(AIza[\w-]+|\{[^]*\})$/,
    },
    madeAt: 'https://console.cloud.google.com/apis/credentials',
  },
  {
    id: 'slack',
    name: 'Slack',
    letters: 'Sl',
    type: 'OAUTH_TOKEN',
    format: { hint: 'Slack tokens usually begin with xoxb-, xoxp- or xapp-.', pattern: /^x(ox[a-z]|app)[\w.-]*-[\w-]+$/ },
    madeAt: 'https://api.slack.com/apps',
  },
  {
    id: 'stripe',
    name: 'Stripe',
    icon: siStripe.path,
    type: 'API_KEY',
    format: { hint: 'Stripe keys usually begin with sk_live_, sk_test_ or rk_.', pattern: /^([sr]k_(live|test)_|whsec_)\w+$/ },
    madeAt: 'https://dashboard.stripe.com/apikeys',
  },
  {
    id: 'npm',
    name: 'npm',
    icon: siNpm.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'npm tokens usually begin with npm_.', pattern: /^npm_\w+$/ },
    madeAt: 'https://www.npmjs.com/',
  },
  {
    id: 'pypi',
    name: 'PyPI',
    icon: siPypi.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'PyPI tokens usually begin with pypi-.', pattern: /^pypi-[\w-]+$/ },
    madeAt: 'https://pypi.org/manage/account/token/',
  },
  {
    id: 'docker',
    name: 'Docker Hub',
    icon: siDocker.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'Docker Hub tokens usually begin with dckr_pat_.', pattern: /^dckr_[a-z]+_[\w-]+$/ },
    madeAt: 'https://app.docker.com/settings/personal-access-tokens',
  },
  {
    id: 'cloudflare',
    name: 'Cloudflare',
    icon: siCloudflare.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'Cloudflare tokens usually have 40 or more letters, digits, - and _.', pattern: /^[\w-]{37,}$/ },
    madeAt: 'https://dash.cloudflare.com/profile/api-tokens',
  },
  {
    id: 'digitalocean',
    name: 'DigitalOcean',
    icon: siDigitalocean.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'DigitalOcean tokens usually begin with dop_v1_.', pattern: /^do[a-z]_v1_[0-9a-f]+$/ },
    madeAt: 'https://cloud.digitalocean.com/account/api/tokens',
  },
  {
    id: 'huggingface',
    name: 'Hugging Face',
    icon: siHuggingface.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'Hugging Face tokens usually begin with hf_.', pattern: /^hf_\w+$/ },
    madeAt: 'https://huggingface.co/settings/tokens',
  },
  { id: 'mistral', name: 'Mistral', icon: siMistralai.path, type: 'API_KEY', madeAt: 'https://console.mistral.ai/api-keys' },
  { id: 'postgresql', name: 'PostgreSQL', icon: siPostgresql.path, type: 'PASSWORD' },
  {
    id: 'sentry',
    name: 'Sentry',
    icon: siSentry.path,
    type: 'ACCESS_TOKEN',
    format: { hint: 'Sentry tokens usually begin with sntrys_ or sntryu_.', pattern: /^sntry[a-z]_[\w=+/-]+$/ },
    madeAt: 'https://sentry.io/settings/account/api/auth-tokens/',
  },
];

/** The preset of a provider, by its id or by its name. */
export function presetOf(provider: string): Preset | undefined {
  const wanted = provider.trim().toLowerCase();
  return PRESETS.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
}

/** What the API is to be told of what somebody typed. */
export function providerOf(text: string): string {
  return presetOf(text)?.id ?? text.trim();
}

/** What a person is to be told of a provider. */
export function providerName(provider: string): string {
  return presetOf(provider)?.name ?? provider;
}

/** What is unusual about a value, without a word of it. */
export function oddities(provider: string, value: string): string | undefined {
  if (!value) return undefined;
  // A file's last line ends, too.
  if (value.replace(/\n$/, '') !== value.trim()) return 'There are spaces or empty lines at its beginning or end. They are kept.';
  const format = presetOf(provider)?.format;
  return format && !format.pattern.test(value.trim()) ? 'This does not look like one. You can store it all the same.' : undefined;
}
