target_sources(${target} PRIVATE ${directory}/example.c)
