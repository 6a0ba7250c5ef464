target_sources(${target} PRIVATE ${directory}/example.c ${directory}/verdict.c)
