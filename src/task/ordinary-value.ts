/** Words that half of all environments hold, in lower case. */
const WORDS = new Set(
  `true false on off yes no none null nil undefined auto default always never enabled disabled enable disable all any
  production prod development dev test tests testing staging stage qa uat preview sandbox local demo live release ci
  trace debug info notice warn warning error fatal critical silent quiet verbose
  utc gmt posix localhost root ubuntu debian alpine linux darwin windows amd64 arm64 x86_64 aarch64 noninteractive
  xterm xterm-color xterm-256color screen screen-256color tmux-256color dumb vt100 truecolor plain json text yaml
  bash zsh fish node nodejs npm npx pnpm yarn bun deno python python3 pip uv uvx poetry ruby bundler java maven gradle go
  golang cargo rust docker podman git github gitlab make cmake vim nano emacs less more cat code postgres postgresql
  mysql sqlite redis mongodb memory filesystem stdio main master head origin`.split(/\s+/),
);

const SHAPES: readonly RegExp[] = [
  // Numbers, versions, sizes and durations: -1, 0.5, 50%, v1.2.3-rc.1, 512MiB, 1h30m.
  /^[+-]?\d+([.,]\d+){0,2}%?$/,
  /^v?\d+(\.\d+){1,3}(-(alpha|beta|rc|dev|lts)[.\d]{0,8})?$/,
  /^\d+(\.\d+)?([kmgt]i?b?|b)$/i,
  /^(\d+(ms|s|m|h|d|w)){1,4}$/,
  // Locales: en_US.UTF-8, C.UTF-8, de_DE@euro.
  /^(C|[a-z]{2,3}([_-][A-Z]{2})?)(\.(utf-?8|iso-?8859-?\d{1,2}))?(@[a-z]{1,10})?$/i,
  // Time zones: Europe/Berlin, America/Argentina/Buenos_Aires, Etc/GMT+1.
  /^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US)(\/[A-Za-z_+-]{1,20}\d{0,2}){1,2}$/,
  // Regions and zones: eu-central-1, us-gov-west-1, europe-west1-b, westeurope, eastus2.
  /^[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central){1,2}-\d[a-z]?$/,
  /^(africa|asia|australia|europe|me|northamerica|southamerica|us)-(north|south|east|west|central){1,2}\d{1,2}(-[a-f])?$/,
  /^(north|south|east|west|central){1,2}(us|europe|uk|asia|india)\d?$/,
  // This machine: localhost:8080, http://127.0.0.1:3000/, ::1.
  /^([a-z]{2,10}:\/\/)?(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(:\d{1,5})?\/?$/,
  /^::1?$/,
  // Packages: @scope/name@1.2.3.
  /^@[a-z][a-z-]{0,40}\/[a-z][a-z-]{0,40}(@(latest|[\d.]{1,20}))?$/,
];

/** Below the folders that every system has; what begins with a slash otherwise may as well be base64. */
const PATH =
  /^\/(agent|app|bin|cache|data|dev|etc|home|lib|lib64|mnt|nix|opt|proc|root|run|sbin|snap|srv|sys|tmp|usr|var|workspace)(\/[\w.@+-]+)*\/?$/;

/** Longer values are judged as secrets, whatever their shape. */
const MAX_ORDINARY = 1_024;

/**
 * Whether a value is a word that says nothing: a switch, a number, the name of an environment, a locale, a region, a
 * tool, a path of the system. Such a value is hidden only where its name says that it is a secret.
 */
export function isOrdinary(value: string): boolean {
  const text = value.trim();
  if (text.length > MAX_ORDINARY) return false;
  return (
    WORDS.has(text.toLowerCase()) ||
    SHAPES.some((shape) => shape.test(text)) ||
    text.split(":").every((part) => PATH.test(part))
  );
}

/** `MAX_TOKENS` and `TOKENIZER` are none. */
const TELLING_PARTS = /token(?!s|iz)|secret|passw|passphrase|credential|api_?key|access_?key|private_?key/;
const TELLING_WORDS = new Set(
  "key keys pass pwd pat psk auth authorization bearer jwt cookie dsn cred creds pin otp signature webhook".split(" "),
);

/** Whether the name of a variable, field, flag or header says that its value is a secret, in any way of writing names. */
export function saysSecret(name: string): boolean {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return TELLING_PARTS.test(words) || words.split(/[^a-z0-9]+/).some((word) => TELLING_WORDS.has(word));
}
