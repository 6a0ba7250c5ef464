pack "baseline" {
  version        = "0.1.0"
  description    = "what no published machine image should do while it is built"
  attack_version = "16.1"
}
