/** Public keys whose private halves were thrown away: for tests. */
export const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAt6oluO/W08LNXZWRfFRjnH5xvjCn0okAsZKoNVuN1V';
export const ECDSA =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGVVGP30Q91ByUp1Ij/mgIVaih0B' +
  'xQ7HzhxUPEKVzmajKfIpHfs/BS6ETZjIRERG3lNAS4vDXXAEDFxPfUuz5pc=';
export const RSA_1024 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDyGLYPIKBKRRF6PVzSM+rFQbBzH+QDdT2xeEKmKNhF+IdmxkIBIhwSOaUS2tEG' +
  '7xmGJBwF/Qysir4XZ4sONLUaCTtVZ+POW/HXb0C2TN+YfIPREcun4rhVijx1macXk2HJrgVLDZzvP3UNlxzIOusfxJL+TVmU6hBd' +
  '5Koi2o+n0Q==';
export const RSA_2048 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC5RU1hKBkrFf5lffwqRLFV/a6hkf52KakMyHa1t6N3Uit3YeMoxtkv6imanwar' +
  '6hEUtwRy1S0QKTaZPotYfgKSeo8EguKMeD5a8zTEvl36EP7M+hi8XcuHQtf0Ad31pEfH4PTDHvSCN/eqxqJ9EIBvrYP81XQHpsCU' +
  'fnx6IxiH5Ao7YROXCCWy8dERgzTOoifpct1MlVNtqu0u+oc51MqylVutcncS1I2sOXFLTyOFuvjmDa6GQ2qkKY+xmvZeLIIfV1bH' +
  'iSb+nPlqinJM9ASmf7qdd5d+3nTxHmqzV0rwMCU5s88EKMedVpiP0WlDOOGCe3vVlmsrKVaMCzOOpYZv';
export const SK_ED25519 =
  'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAt6oluO/W08LNXZWRfFRjnH5xvjC' +
  'n0okAsZKoNVuN1VAAAABHNzaDo=';
