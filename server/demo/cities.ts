/** One demo site: login base, city, country (ISO 3166-1 alpha-2), latitude, longitude in degrees. */
export type DemoCity = readonly [loginBase: string, city: string, country: string, latitude: number, longitude: number];

/**
 * Sixty university cities on six continents. The sites are the project's own invention for trying things out: each is called
 * "University of <city> (demo)", and no real institution takes part.
 */
export const DEMO_CITIES: readonly DemoCity[] = [
  // Africa
  ['nairobi', 'Nairobi', 'KE', -1.2796, 36.8163],
  ['capetown', 'Cape Town', 'ZA', -33.9577, 18.4612],
  ['johannesburg', 'Johannesburg', 'ZA', -26.1929, 28.0305],
  ['cairo', 'Cairo', 'EG', 30.0276, 31.2101],
  ['accra', 'Accra', 'GH', 5.6508, -0.187],
  ['lagos', 'Lagos', 'NG', 6.5158, 3.3898],
  ['dakar', 'Dakar', 'SN', 14.6915, -17.4627],
  ['rabat', 'Rabat', 'MA', 33.9989, -6.8539],
  ['addisababa', 'Addis Ababa', 'ET', 9.0407, 38.7613],
  ['kampala', 'Kampala', 'UG', 0.3326, 32.5686],
  // Asia
  ['tokyo', 'Tokyo', 'JP', 35.7127, 139.762],
  ['kyoto', 'Kyoto', 'JP', 35.0262, 135.7808],
  ['seoul', 'Seoul', 'KR', 37.4602, 126.952],
  ['beijing', 'Beijing', 'CN', 39.9928, 116.3056],
  ['shanghai', 'Shanghai', 'CN', 31.2989, 121.5015],
  ['taipei', 'Taipei', 'TW', 25.0174, 121.5397],
  ['singapore', 'Singapore', 'SG', 1.2966, 103.7764],
  ['bangkok', 'Bangkok', 'TH', 13.7384, 100.5321],
  ['hanoi', 'Hanoi', 'VN', 21.0379, 105.7826],
  ['jakarta', 'Jakarta', 'ID', -6.3623, 106.8271],
  ['manila', 'Manila', 'PH', 14.6549, 121.0645],
  ['delhi', 'Delhi', 'IN', 28.545, 77.1926],
  ['bengaluru', 'Bengaluru', 'IN', 13.0219, 77.5671],
  ['dhaka', 'Dhaka', 'BD', 23.7341, 90.3928],
  ['telaviv', 'Tel Aviv', 'IL', 32.1133, 34.8044],
  ['istanbul', 'Istanbul', 'TR', 41.1056, 29.0231],
  ['almaty', 'Almaty', 'KZ', 43.2257, 76.9216],
  ['riyadh', 'Riyadh', 'SA', 24.7244, 46.6238],
  // Europe
  ['reykjavik', 'Reykjavik', 'IS', 64.1403, -21.9497],
  ['london', 'London', 'GB', 51.5246, -0.134],
  ['edinburgh', 'Edinburgh', 'GB', 55.9445, -3.1892],
  ['dublin', 'Dublin', 'IE', 53.3438, -6.2546],
  ['paris', 'Paris', 'FR', 48.8467, 2.3554],
  ['madrid', 'Madrid', 'ES', 40.4489, -3.7286],
  ['lisbon', 'Lisbon', 'PT', 38.7527, -9.1582],
  ['amsterdam', 'Amsterdam', 'NL', 52.3555, 4.9554],
  ['berlin', 'Berlin', 'DE', 52.5186, 13.3932],
  ['munich', 'Munich', 'DE', 48.2625, 11.6679],
  ['zurich', 'Zürich', 'CH', 47.3763, 8.548],
  ['vienna', 'Vienna', 'AT', 48.2131, 16.3606],
  ['prague', 'Prague', 'CZ', 50.1034, 14.3934],
  ['warsaw', 'Warsaw', 'PL', 52.2404, 21.0184],
  ['budapest', 'Budapest', 'HU', 47.4734, 19.0598],
  ['rome', 'Rome', 'IT', 41.9038, 12.5144],
  ['athens', 'Athens', 'GR', 37.9686, 23.7675],
  ['stockholm', 'Stockholm', 'SE', 59.3498, 18.0707],
  ['helsinki', 'Helsinki', 'FI', 60.2045, 24.9629],
  ['oslo', 'Oslo', 'NO', 59.9399, 10.7217],
  // North America
  ['princeton', 'Princeton', 'US', 40.3502, -74.6524],
  ['boston', 'Boston', 'US', 42.3505, -71.1054],
  ['berkeley', 'Berkeley', 'US', 37.8719, -122.2585],
  ['seattle', 'Seattle', 'US', 47.6553, -122.3035],
  ['toronto', 'Toronto', 'CA', 43.6629, -79.3957],
  ['vancouver', 'Vancouver', 'CA', 49.2606, -123.246],
  ['mexicocity', 'Mexico City', 'MX', 19.3322, -99.1866],
  // South America
  ['saopaulo', 'São Paulo', 'BR', -23.5614, -46.7308],
  ['santiago', 'Santiago', 'CL', -33.4989, -70.6153],
  ['buenosaires', 'Buenos Aires', 'AR', -34.5997, -58.3733],
  // Oceania
  ['sydney', 'Sydney', 'AU', -33.8886, 151.1873],
  ['auckland', 'Auckland', 'NZ', -36.8523, 174.7691],
];
