import { demoAccounts } from './accounts.ts';

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const notice = (text: string) => `<p class="bad" role="alert">${text}</p>`;
const notices = {
  form: '',
  wrong: notice('Unknown e-mail or wrong password. 邮箱或密码错误。'),
  locked: notice('Too many wrong passwords; wait a quarter of an hour. 密码错误次数过多，请一刻钟后再试。'),
  'new password': notice(
    'Choose a password of at least 12 characters in place of the temporary one. 请设置至少 12 位的新密码以替换临时密码。',
  ),
};
const newPassword =
  '<label>New password 新密码<input name="new_password" type="password" autocomplete="new-password" minlength="12" required></label>';

/** The local provider's sign-in form, in both languages, with the demo accounts to choose from. */
export const loginPage = (
  action: string,
  shows: 'form' | 'wrong' | 'locked' | 'new password',
) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>HashInsight: sign in / 登录</title>
<style>
:root{color-scheme:light dark;font-family:system-ui,sans-serif}
body{display:grid;place-items:center;min-height:100vh;margin:0}
form{display:grid;gap:.8rem;width:min(22rem,90vw);padding:2rem;border:1px solid #8886;border-radius:12px}
h1{font-size:1.2rem;margin:0}label{display:grid;gap:.25rem;font-size:.9rem}
input,button{font:inherit;padding:.5rem;border-radius:6px;border:1px solid #8888}
button{background:#0972d3;color:#fff;border:0;cursor:pointer}
p{margin:0;font-size:.85rem}.bad{color:#d91515}table{font-size:.8rem;border-spacing:0 .15rem}td{padding-right:1rem}
</style></head><body>
<form method="post" action="${escapeHtml(action)}">
<h1>HashInsight · local identity provider<br>本地身份提供方</h1>
${notices[shows]}
<label>E-mail 邮箱<input name="email" type="email" autocomplete="username" required autofocus></label>
<label>Password 密码<input name="password" type="password" autocomplete="current-password" required></label>
${shows === 'new password' ? newPassword : ''}
<button type="submit">Sign in 登录</button>
<p>Demo accounts 演示账号:</p>
<table>${demoAccounts.map((one) => `<tr><td>${escapeHtml(one.email)}</td><td>${escapeHtml(one.password)}</td></tr>`).join('')}</table>
</form></body></html>`;
