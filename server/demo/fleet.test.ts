import { iso1A2Code } from '@rapideditor/country-coder';
import { describe, expect, test } from 'vitest';
import { LOGIN_BASE, parseUrn } from '@/core/identity/urn';
import { demoFleet, thisMachineUrn } from './fleet';

const { sites, nodes } = demoFleet('meridian');

describe('the demo fleet', () => {
  test('is 180 simulated nodes and this machine at 61 sites', () => {
    expect(nodes.filter((node) => node.simulated)).toHaveLength(180);
    expect(nodes.filter((node) => !node.simulated).map((node) => node.urn)).toEqual([thisMachineUrn('meridian')]);
    expect(sites).toHaveLength(61);
  });

  test('stands where it says: coordinates lie in the named country', () => {
    const wrong = sites.filter((site) => iso1A2Code([site.longitude, site.latitude]) !== site.country);
    expect(wrong.map((site) => site.city)).toEqual([]);
  });

  test('has valid names, each once', () => {
    expect(sites.filter((site) => !LOGIN_BASE.test(site.loginBase))).toEqual([]);
    expect(nodes.filter((node) => !parseUrn(node.urn))).toEqual([]);
    expect(new Set(nodes.map((node) => node.urn)).size).toBe(nodes.length);
    expect(new Set(sites.map((site) => site.loginBase)).size).toBe(sites.length);
  });

  test('has two nodes that are down, two that fail and five that are slow', () => {
    const count = (behaviour: string) => nodes.filter((node) => node.behaviour === behaviour).length;
    expect([count('down'), count('failing'), count('slow')]).toEqual([2, 2, 5]);
  });
});
