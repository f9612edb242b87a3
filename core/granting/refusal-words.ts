import type { FactsReader } from '../refusal-facts';

/** What a person reads when an agent's policy gives less than was asked for. */
export function policyWords(f: FactsReader): string {
  const site = f.part('site', (name) => `The site ${name}`) || 'Your site';
  switch (f.text('policy', '')) {
    case 'fair-share':
      return `${site} holds ${holds(f)} that this agent’s policy gives each site while others wait. Ask for less, pick nodes that another agent offers, or try again when the others have been served.`;
    case 'quota':
      return `${site} holds ${holds(f)} that this agent’s policy gives it. Release some, pick nodes that another agent offers, or ask an operator for more.`;
    case 'lottery':
      return `This agent gives out by lot what is scarce: ${site === 'Your site' ? 'your site' : site.replace('The', 'the')} has ${f.count('weight', 'its part')} of the ${f.count('weights', 'sum of')} weights of those who wait, and drew ${f.count('drawn', 'none')} of the ${f.count('wants', '')} slivers it asked for.${f.time('nextAt') ? ` The next drawing is at ${f.time('nextAt')}.` : ' Try again later.'}`;
    default:
      return 'This agent’s policy gives your site no more for now. Pick nodes that another agent offers, or try again later.';
  }
}

function holds(f: FactsReader): string {
  const share = f.share('holds', 'each') ?? 'all';
  return f.text('resource', '') === 'slivers' ? `${share} slivers` : share;
}
