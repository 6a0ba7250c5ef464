target_sources(${target} PRIVATE ${directory}/traced.c)
