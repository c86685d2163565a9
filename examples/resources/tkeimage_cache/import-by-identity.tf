import {
  to = tkeimage_cache.llm
  identity = {
    id     = "imc-r1htp8tg"
    region = "ap-guangzhou"
  }
}
