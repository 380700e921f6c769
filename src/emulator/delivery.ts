/** The variants that every emulated account defines. */
export const VARIANT_NAMES = ['public', 'thumbnail', 'hero'] as const;

/** Where images are delivered from. */
export const DELIVERY = 'https://imagedelivery.net/MTt4OTd0b0w5aj';

/** The delivery URLs of an image, one a variant. @param encodedId - As it stands in a URL. */
export function deliveryUrls(encodedId: string): string[] {
  return VARIANT_NAMES.map((name) => `${DELIVERY}/${encodedId}/${name}`);
}
