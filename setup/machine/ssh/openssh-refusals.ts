/** Failures of OpenSSH that another attempt does not fix, known by what it prints. */

interface Refusal {
  /** OpenSSH's message. */
  readonly says: RegExp;
  readonly advice: string;
  /** Whether it may pass if the machine was reached before and is only rebooting. */
  readonly passes?: boolean;
}

const REFUSALS: readonly Refusal[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i,
    advice:
      'It shows another host key than known_hosts has for it, so it may be another machine. If the change is right, remove the old key with ssh-keygen -R and connect once by hand',
  },
  {
    says: /Host key verification failed|No .* host key is known/i,
    advice: 'Its host key is not in known_hosts: connect once by hand, and compare the key that is shown',
  },
  {
    // A shell's message about a program that is missing or can't be executed: a shell runs ProxyCommand. OpenSSH's own
    // lines begin with "ssh: ".
    says: /^(?!ssh: )(?:\S*\/)?\w*sh(?::| ).*(?:not found|no such file or directory|permission denied|cannot execute|unknown command)/im,
    advice:
      "A program that OpenSSH needs to reach it can't be started: check ProxyCommand in OpenSSH's configuration, and whether the program is installed here",
  },
  {
    says: /Permission denied|Too many authentication failures/i,
    advice:
      'It accepts none of the keys that OpenSSH has for it, and nestbench enters no passwords: add one to the agent, or name it in ~/.ssh/config',
  },
  {
    says: /Address family for hostname not supported/i,
    advice: 'It has no address of the family that AddressFamily in the configuration of OpenSSH requires',
  },
  {
    says: /^(?:bind .*: Cannot assign requested address|getifaddrs: .*)/im,
    advice:
      'This host has no such address: check BindAddress and BindInterface in the configuration of OpenSSH',
  },
  {
    says: /proxy dialer did not pass back a connection/i,
    advice:
      'Its ProxyCommand passes no connection back, as ProxyUseFdpass in the configuration of OpenSSH requires',
  },
  {
    says: /jumphost loop/i,
    advice:
      'Its ProxyJump leads to itself: check it in the configuration of OpenSSH, especially under "Host *"',
  },
  {
    says: /Could not resolve host(?:name)? /i,
    advice: 'Its name is not known: check "ssh" in the testbed file and ~/.ssh/config',
    passes: true,
  },
  {
    says: /name contains invalid characters/i,
    advice:
      'Its name is not valid: check "ssh" in the testbed file, which has no variables, and ~/.ssh/config',
  },
  {
    says: /no matching .* found/i,
    advice: 'The two have no algorithm in common: allow one of those in its message in ~/.ssh/config',
  },
  {
    says: /Bad configuration option|terminating, \d+ bad|Can't open user config file|Bad owner or permissions|percent_expand|Too many recursive configuration includes|\bline \d+: /i,
    advice:
      'Fix OpenSSH\'s configuration: ~/.ssh/config, or what "sshConfiguration" in the testbed file names',
  },
];

/**
 * @param isAway whether the machine was reached before, and may be on its way back.
 * @returns what to do; undefined where trying again may help.
 */
export function adviceFor(printed: string, isAway: boolean): string | undefined {
  return REFUSALS.find(({ says, passes = false }) => says.test(printed) && !(passes && isAway))?.advice;
}
