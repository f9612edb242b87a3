import Link from 'next/link';
import type { Me } from '@/protocol/api/people';
import { Fact, Facts, Page, Section } from '../ui/page';
import { PasswordForm } from './password-form';
import { Sessions } from './sessions';
import { Tokens } from './tokens';

/** Oneself: who one is here, password, where one is signed in, tokens for the command line. */
export function AccountView({ me }: { me: Me }) {
  return (
    <Page facts={me.person.email} title={me.person.name}>
      <div className="grid items-start gap-x-12 gap-y-10 lg:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-10">
          <Section title="Who you are here">
            <Facts>
              {me.memberships.map((m) => (
                <Fact
                  key={m.site.id + m.role}
                  name={m.role === 'pi' ? 'PI of' : `${m.role === 'tech' ? 'Tech' : 'Researcher'} of`}
                >
                  <Link className="link" href={`/sites/${m.site.loginBase}`}>
                    {m.site.name}
                  </Link>
                </Fact>
              ))}
              {me.person.operator && <Fact name="Operator">of this deployment</Fact>}
              <Fact name="URN">
                <code className="break-all">{me.person.urn}</code>
              </Fact>
            </Facts>
          </Section>
          <Tokens />
        </div>
        <div className="flex min-w-0 flex-col gap-10">
          <Section title="Password">
            <PasswordForm />
          </Section>
          <Sessions />
        </div>
      </div>
    </Page>
  );
}
