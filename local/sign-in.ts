/**
 * Signs a demo account in over HTTP, through the real route and the real identity provider's form, as a browser would:
 * `/auth/login` → provider → form → `/auth/callback` → session cookie. For the headless loop, benches and tests.
 */
export const signIn = async (
  consoleUrl: string,
  email: string,
  password: string,
  /** Where the provider asks for one in place of a temporary password. */
  newPassword?: string,
): Promise<Record<string, string>> => {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string) => {
    const { host } = new URL(url);
    return jars.get(host) ?? jars.set(host, new Map()).get(host) ?? new Map<string, string>();
  };
  const visit = async (url: string, form?: URLSearchParams) => {
    const jar = jarOf(url);
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  };
  let url = new URL('/auth/login', consoleUrl).href;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12; step++) {
    const response = await visit(url, form);
    form = undefined;
    const location = response.headers.get('location');
    const body = await response.text();
    if (location) {
      const next = new URL(location, url);
      const session = jarOf(consoleUrl).get('session');
      if (session && next.host === new URL(consoleUrl).host) return { cookie: `session=${session}` };
      url = next.href;
    } else if (response.status === 200 && body.includes('name="password"')) {
      const asksNew = body.includes('name="new_password"');
      if (asksNew && newPassword === undefined) throw new Error(`Sign-in of ${email} needs a new password`);
      form = new URLSearchParams({
        email,
        password,
        ...(asksNew && newPassword !== undefined && { new_password: newPassword }),
      });
    } else {
      throw new Error(`Sign-in of ${email} stopped with status ${response.status}`);
    }
  }
  throw new Error(`Sign-in of ${email} went in circles`);
};
