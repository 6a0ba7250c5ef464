/* Evidence of builds with post-processors: what ran, in which order, and what came of it. */
#include "verdict.h"

#define SHA(digit) \
	digit digit digit digit digit digit digit digit digit digit digit digit digit digit digit \
		digit digit digit digit digit digit digit digit digit digit digit digit digit \
			digit digit digit digit digit digit digit digit digit digit digit digit \
				digit digit digit digit digit digit digit digit digit digit digit \
					digit digit digit digit digit digit digit digit digit \
						digit digit digit digit

static const char groups[] =
	",{\"phase\":\"post-process\",\"type\":\"shell-local\",\"sequence\":0,\"position\":1,"
	"\"steps\":[{\"id\":6,\"type\":\"exec-host\",\"argv\":[\"true\"],\"exit_codes\":[0]}]}"
	"],\"post_processors\":[[{\"type\":\"compress\",\"name\":\"small\"},"
	"{\"type\":\"shell-local\",\"name\":\"shell-local\"}],[{\"type\":\"manifest\","
	"\"name\":\"manifest\"}]]}";

#define POST(sequence, position, processor, name, files) \
	"{\"type\":\"post-process\",\"sequence\":" #sequence ",\"position\":" #position \
	",\"processor\":\"" processor "\",\"name\":\"" name "\",\"files\":[" files "]}"
#define OUTSIDE(path, digit) \
	"{\"path\":\"" path "\",\"outside\":true,\"sha256\":\"" SHA(digit) "\"}"

static const char *const lines[] = {
	POST(0, 0, "compress", "small", OUTSIDE("redis.tar.gz", "d")),
	"{\"type\":\"step\",\"id\":6,\"kind\":\"exec-host\",\"argv\":[\"true\"]}",
	"{\"type\":\"step-end\",\"id\":6,\"coverage\":\"processes\",\"exit_code\":0}",
	POST(0, 1, "shell-local", "shell-local", ""),
	POST(1, 0, "manifest", "manifest", OUTSIDE("packer-manifest.json", "e")),
};

struct post_example {
	struct example example;
	struct evidence_subject subjects[4];
};

/* The lines of the build, then those of its post-processors, then the footer. */
static void add_line(struct example *e, const char *line)
{
	struct str footer = e->lines.items[e->lines.n - 1];
	e->lines.items[e->lines.n - 1] = str_from(line);
	list_push(&e->arena, &e->lines) = footer;
}

static struct evidence_subject subject(const char *name, const char *sha256)
{
	return (struct evidence_subject){str_from(name), STR(""), STR("sha256"), str_from(sha256)};
}

static int set_up(void **state)
{
	struct post_example *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	struct example *e = &p->example;
	example_init(e, "test-only-p256");
	struct str plan = str_sub(e->plan, 0, e->plan.n - strlen("]}"));
	struct str parts[] = {plan, str_from(groups)};
	e->plan = arena_join(&e->arena, parts, countof(parts), STR(""));
	e->replay_plan = (struct str){0};
	for (size_t i = 0; i < countof(lines); i++)
		add_line(e, lines[i]);
	p->subjects[0] = e->subjects[0];
	p->subjects[1] = e->subjects[1];
	p->subjects[2] = subject("redis.tar.gz", SHA("d"));
	e->input.subjects = p->subjects;
	e->input.subject_count = 3;
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct post_example *p = *state;
	example_clear(&p->example);
	free(p);
	return 0;
}

/* The checks that are about post-processors; the replay of the example knows none. */
static void assert_good(struct example *e)
{
	static const char *const ids[] = {
		"manifest.post-process", "manifest.steps", "manifest.artifact", "manifest.asked"};
	struct verification *v = example_verify(e, example_write(e));
	for (size_t i = 0; i < countof(ids); i++) {
		const struct check *c = find_check(v, ids[i]);
		if (c->result != CHECK_PASSED)
			fail_msg("%s: %.*s", ids[i], STR_ARG(c->reason));
	}
	verification_free(v);
}

static void exchange(struct example *e, size_t i, size_t k)
{
	size_t first = e->lines.n - 1 - countof(lines);
	struct str line = e->lines.items[first + i];
	e->lines.items[first + i] = e->lines.items[first + k];
	e->lines.items[first + k] = line;
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void post_processors_in_their_order_pass(void **state)
{
	struct post_example *p = *state;
	assert_good(&p->example);
}

static void one_that_did_not_run_is_named(void **state)
{
	struct post_example *p = *state;
	example_line(&p->example, "\"processor\":\"manifest\"", NULL);
	assert_fails(&p->example, example_write(&p->example), "manifest.post-process",
		"manifest did not run");
}

static void one_that_the_plan_does_not_have_is_named(void **state)
{
	struct post_example *p = *state;
	add_line(&p->example, POST(2, 0, "shell-local", "more", ""));
	assert_fails(&p->example, example_write(&p->example), "manifest.post-process",
		"more is not in the plan");
}

static void another_order_fails(void **state)
{
	struct post_example *p = *state;
	exchange(&p->example, 3, 4);
	assert_fails(&p->example, example_write(&p->example), "manifest.post-process",
		"is not the one that has to come");
}

static void another_name_fails(void **state)
{
	struct post_example *p = *state;
	example_line(&p->example, "\"name\":\"small\"",
		POST(0, 0, "compress", "other", OUTSIDE("redis.tar.gz", "d")));
	assert_fails(&p->example, example_write(&p->example), "manifest.post-process",
		"other is not the one that has to come");
}

static void one_that_failed_fails(void **state)
{
	struct post_example *p = *state;
	example_line(&p->example, "\"processor\":\"manifest\"",
		"{\"type\":\"post-process\",\"sequence\":1,\"position\":0,\"name\":\"manifest\","
		"\"processor\":\"manifest\",\"error\":\"no\",\"files\":[]}");
	assert_fails(&p->example, example_write(&p->example), "manifest.post-process", "failed");
}

static void a_step_at_the_time_of_another_one_fails(void **state)
{
	struct post_example *p = *state;
	exchange(&p->example, 0, 2);
	exchange(&p->example, 0, 1);
	assert_fails(&p->example, example_write(&p->example), "manifest.post-process",
		"has a step at another one's time");
}

static void a_step_before_the_image_is_captured_fails(void **state)
{
	struct post_example *p = *state;
	struct example *e = &p->example;
	size_t artifact = 0;
	while (!str_contains(e->lines.items[artifact], STR("\"artifact\"")))
		artifact++;
	struct str line = e->lines.items[artifact];
	for (size_t i = artifact; i < artifact + 3; i++)
		e->lines.items[i] = e->lines.items[i + 1];
	e->lines.items[artifact + 3] = line;
	assert_fails(e, example_write(e), "manifest.steps", "comes before the image was captured");
}

static void a_step_that_is_missing_is_named(void **state)
{
	struct post_example *p = *state;
	example_line(&p->example, "\"step\",\"id\":6", NULL);
	example_line(&p->example, "\"step-end\",\"id\":6", NULL);
	assert_fails(
		&p->example, example_write(&p->example), "manifest.steps", "step 6 did not run");
}

static void a_file_without_subject_is_named(void **state)
{
	struct post_example *p = *state;
	p->example.input.subject_count = 2;
	assert_fails(&p->example, example_write(&p->example), "manifest.artifact",
		"file redis.tar.gz is no subject");
}

static void another_digest_than_the_recorded_one_fails(void **state)
{
	struct post_example *p = *state;
	p->subjects[2].value = STR(SHA("f"));
	assert_fails(&p->example, example_write(&p->example), "manifest.artifact",
		"subject redis.tar.gz is not what the build made");
}

/* Two files of one name, in the output directory and where the build was started. */
static void a_name_that_is_taken_is_told_apart(void **state)
{
	struct post_example *p = *state;
	example_line(&p->example, "\"name\":\"small\"",
		POST(0, 0, "compress", "small", OUTSIDE("redis.tar", "d")));
	p->subjects[2] = subject("./redis.tar", SHA("d"));
	assert_good(&p->example);
	p->subjects[2] = subject("./other.tar", SHA("d"));
	assert_fails(&p->example, example_write(&p->example), "manifest.artifact",
		"is not what the build made");
}

/* What a later one writes again counts as that one left it. */
static void a_file_that_is_written_again_counts_once(void **state)
{
	struct post_example *p = *state;
	example_line(&p->example, "\"name\":\"small\"",
		POST(0, 0, "compress", "small",
			"{\"path\":\"redis.tar\",\"sha256\":\"" SHA("d") "\"}"));
	p->subjects[1].value = STR(SHA("d"));
	p->example.input.subject_count = 2;
	assert_good(&p->example);
	p->subjects[1].value = STR(SHA("a"));
	assert_fails(&p->example, example_write(&p->example), "manifest.artifact",
		"is not what the build made");
}

#define POST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POST_TEST(post_processors_in_their_order_pass),
		POST_TEST(one_that_did_not_run_is_named),
		POST_TEST(one_that_the_plan_does_not_have_is_named),
		POST_TEST(another_order_fails),
		POST_TEST(another_name_fails),
		POST_TEST(one_that_failed_fails),
		POST_TEST(a_step_at_the_time_of_another_one_fails),
		POST_TEST(a_step_before_the_image_is_captured_fails),
		POST_TEST(a_step_that_is_missing_is_named),
		POST_TEST(a_file_without_subject_is_named),
		POST_TEST(another_digest_than_the_recorded_one_fails),
		POST_TEST(a_name_that_is_taken_is_told_apart),
		POST_TEST(a_file_that_is_written_again_counts_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
