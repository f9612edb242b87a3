import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { viewer } from '@/app/rsc';
import { Globe, Mark } from '@/components/brand/mark';
import { safeNext } from '@/components/people/safe-next';
import { SignInForm } from '@/components/people/sign-in-form';

export const metadata: Metadata = { title: 'Sign in' };

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const next = safeNext((await searchParams).next);
  if (await viewer()) redirect(next);
  return (
    <main className="grid min-h-dvh lg:grid-cols-2">
      <div className="relative hidden overflow-hidden border-line border-r bg-sunken lg:block">
        <Globe className="absolute top-1/2 left-1/2 size-[min(34rem,72%)] -translate-x-1/2 -translate-y-1/2 text-line-strong" />
      </div>
      <div className="flex items-center justify-center px-6 py-12">
        <div className="w-full max-w-sm">
          <Mark className="text-accent lg:hidden" size={44} />
          <h1 className="mt-6 font-semibold text-display lg:mt-0">Meridian</h1>
          <p className="mt-1 mb-8 text-soft">Share machines all over the planet.</p>
          <SignInForm next={next} />
          <p className="mt-8 border-line border-t pt-4 text-soft text-table">
            Looking around in a demo? Its accounts are printed where Meridian was started. No account yet? Ask your
            site’s PI to invite you.
          </p>
        </div>
      </div>
    </main>
  );
}
