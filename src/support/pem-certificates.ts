/** A body is base64 and holds no dash: the time is linear, also where beginnings have no end. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, each a text of its own (RFC 7468); whether they can be read is not looked at. */
export function pemCertificates(text: string): readonly string[] {
  return text.match(CERTIFICATE) ?? [];
}
