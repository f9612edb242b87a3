import { run } from './program';
import { terminal } from './run';

// A reader that stops reading (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

await run(process.argv.slice(2), terminal);
