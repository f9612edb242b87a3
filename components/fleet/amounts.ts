const ONE = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });

/** Milli-cores as cores: "0.1", "3.8", "64". */
export function cores(milli: number): string {
  return ONE.format(milli / 1000);
}

/** Mebibytes in the unit that reads best: "512 MiB", "3.5 GiB", "1.2 TiB". */
export function mebibytes(mib: number): string {
  if (mib < 1024) return `${ONE.format(mib)} MiB`;
  return mib < 1024 * 1024 ? `${ONE.format(mib / 1024)} GiB` : `${ONE.format(mib / 1024 / 1024)} TiB`;
}

/** Bytes in the unit that reads best, from KiB on. */
export function bytes(amount: number): string {
  return amount < 1_048_576 ? `${ONE.format(amount / 1024)} KiB` : mebibytes(amount / 1_048_576);
}

/** Kilobits per second: "500 kbit/s", "1.5 Mbit/s", "10 Gbit/s". */
export function kilobits(kbps: number): string {
  if (kbps < 1000) return `${ONE.format(kbps)} kbit/s`;
  return kbps < 1_000_000 ? `${ONE.format(kbps / 1000)} Mbit/s` : `${ONE.format(kbps / 1_000_000)} Gbit/s`;
}
