import {
  to = tkeimage_cache.llm
  id = "imc-r1htp8tg"
}
