import { edgeVersion } from './version.ts';

/** Each command is a script of its own, which reads the rest of the command line. */
const commands: Readonly<Record<string, { readonly about: string; readonly run: () => Promise<unknown> }>> = {
  run: { about: 'polls the miners and obeys signed commands', run: () => import('./main.ts') },
  doctor: { about: 'says what is wrong and what to do', run: () => import('./doctor-main.ts') },
  discover: { about: 'finds miners in ranges of addresses', run: () => import('./discover-main.ts') },
  credentials: {
    about: 'counts default passwords and replaces them',
    run: () => import('./credentials-main.ts'),
  },
  release: { about: 'installs and updates, by signed releases alone', run: () => import('./update-main.ts') },
};

const help = `hashinsight-edge ${edgeVersion}

${Object.entries(commands)
  .map(([name, { about }]) => `  hashinsight-edge ${name.padEnd(12)} ${about}`)
  .join('\n')}

Each says more with --help.
`;

const [name = ''] = process.argv.splice(2, 1);
const command = commands[name];
if (command) await command.run();
else {
  process.stdout.write(help);
  process.exitCode = name === '--help' || name === '' ? 0 : 2;
}
