/* What runs as another user of Windows, and what is encoded for its command line. */
#include "plan/provisioners/scripts.h"
#include "plan/provisioners/stage.h"

#include "base/encode.h"
#include "base/utf8.h"

static const struct escape escape_xml[] = {{'"', "&#34;"}, {'\'', "&#39;"}, {'&', "&amp;"},
	{'<', "&lt;"}, {'>', "&gt;"}, {'\t', "&#x9;"}, {'\n', "&#xA;"}, {'\r', "&#xD;"}, {0}};

/*
 * A task of the scheduler with the highest rights that its user has. It writes to a log, which is
 * shown as it grows; then task, log and this script go away, and the task's result is the end.
 */
static const char *const task_lines[] = {
	"$name = \"{name}\"",
	"$log = [System.Environment]::ExpandEnvironmentVariables(\"%SYSTEMROOT%/Temp/{name}.out\")",
	"$user = \"{user}\"",
	"$password = \"{password}\"",
	"$service = New-Object -ComObject \"Schedule.Service\"",
	"$service.Connect()",
	"$task = $service.NewTask($null)",
	"$xml = [xml]@'",
	"<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
	"<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">",
	"  <RegistrationInfo><Description>Packer elevated task</Description></RegistrationInfo>",
	"  <Principals>",
	"    <Principal id=\"Author\">",
	"      <UserId>{user}</UserId>",
	"      <LogonType>Password</LogonType>",
	"      <RunLevel>HighestAvailable</RunLevel>",
	"    </Principal>",
	"  </Principals>",
	"  <Settings>",
	"    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
	"    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
	"    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
	"    <Priority>4</Priority>",
	"  </Settings>",
	"  <Actions Context=\"Author\">",
	"    <Exec><Command>cmd</Command><Arguments>/c {command}</Arguments></Exec>",
	"  </Actions>",
	"</Task>",
	"'@",
	"$logon = 1",
	"if ($password.Length -eq 0) {",
	"  $logon = 5",
	"  $password = $null",
	"  $principal = $xml.Task.Principals.Principal",
	"  $principal.RemoveChild($principal.SelectSingleNode(\"*[local-name()='LogonType']\")) | "
	"Out-Null",
	"}",
	"$task.XmlText = $xml.OuterXml",
	"$folder = $service.GetFolder(\"\\\")",
	"$folder.RegisterTaskDefinition($name, $task, 6, $user, $password, $logon, $null) | Out-Null",
	"$task = $folder.GetTask(\"\\$name\")",
	"$task.Run($null) | Out-Null",
	"for ($i = 0; $task.State -ne 4 -and $i -lt 10; $i++) { Start-Sleep -Seconds 1 }",
	"$shown = 0",
	"do {",
	"  Start-Sleep -Milliseconds 100",
	"  if (Test-Path $log) {",
	"    Get-Content $log | Select-Object -Skip $shown | ForEach-Object { $shown++; "
	"Write-Output \"$_\" }",
	"  }",
	"} while ($task.State -ne 3)",
	"$result = $task.LastTaskResult",
	"Remove-Item $log -Force -ErrorAction SilentlyContinue",
	"Remove-Item \"{script}\" -Force -ErrorAction SilentlyContinue",
	"$folder.DeleteTask(\"\\$name\", \"\")",
	"exit $result",
};

struct filling {
	const char *name; /* with its braces */
	struct text value;
};

/* A line with at most one kind of hole in it. */
static struct text fill_line(
	struct arena *a, const char *line, const struct filling *fillings, size_t n)
{
	struct text out = {0};
	struct str rest = str_from(line);
	for (size_t i = 0; i < n; i++) {
		size_t at = str_find(rest, str_from(fillings[i].name));
		if (at == STR_NPOS)
			continue;
		text_push(&out, a, str_sub(rest, 0, at));
		text_push_text(&out, a, &fillings[i].value);
		rest = str_from_index(rest, at + strlen(fillings[i].name));
	}
	text_push(&out, a, rest);
	text_push(&out, a, STR("\n"));
	return text_joined(&out, a);
}

int stage_elevate(struct stage *s, const struct origin *o, const struct text *user,
	const struct text *password, struct text *command)
{
	struct arena *a = s->c->arena;
	if (user->n == 0)
		return 0;
	struct str name =
		arena_printf(a, "packer-%.*s", STR_ARG(compile_uuid(s->c, "elevated task")));
	struct text script = text_from(a,
		arena_printf(a, "C:/Windows/Temp/packer-elevated-shell-%.*s.ps1",
			STR_ARG(compile_uuid(s->c, "elevated shell"))));
	struct text logged = text_from(
		a, arena_printf(a, " > %%SYSTEMROOT%%/Temp/%.*s.out 2>&1", STR_ARG(name)));
	logged = text_format(a, "{}{}", PARTS(command, &logged));
	const struct filling fillings[] = {
		{"{name}", text_from(a, name)},
		{"{user}", text_escaped(a, user, escape_powershell)},
		{"{password}", text_escaped(a, password, escape_powershell)},
		{"{command}", text_escaped(a, &logged, escape_xml)},
		{"{script}", script},
	};
	struct content content = {0};
	for (size_t i = 0; i < countof(task_lines); i++) {
		struct text line = fill_line(a, task_lines[i], fillings, countof(fillings));
		content_add(&content, s->c, &line, o);
	}
	struct stage stage = *s;
	stage.language = LANGUAGE_POWERSHELL;
	if (stage_content(&stage, o, &content, &script) < 0)
		return -1;
	*command =
		text_format(a, "powershell -executionpolicy bypass -file \"{}\"", PARTS(&script));
	return 0;
}

/* UTF-16LE; what is no UTF-8 cannot be said. */
static void add_unit(struct buf *out, uint32_t unit)
{
	buf_add_byte(out, (char)(unit & 0xff));
	buf_add_byte(out, (char)(unit >> 8));
}

static void add_wide(struct buf *out, uint32_t code)
{
	if (code > 0xffff) {
		add_unit(out, 0xd800 + ((code - 0x10000) >> 10));
		code = 0xdc00 + ((code - 0x10000) & 0x3ff);
	}
	add_unit(out, code);
}

struct text stage_encoded_powershell(struct compiler *c, struct str code)
{
	scoped(buf) wide = {0};
	struct str rest = arena_printf(
		c->arena, "$ProgressPreference = 'SilentlyContinue';%.*s", STR_ARG(code));
	while (rest.n > 0) {
		uint32_t point = 0xfffd;
		size_t n = utf8_decode(rest, &point);
		add_wide(&wide, n > 0 ? point : 0xfffd);
		rest = str_from_index(rest, n > 0 ? n : 1);
	}
	struct str encoded = base64_encode(c->arena, buf_str(&wide));
	return text_from(c->arena,
		arena_printf(c->arena, "powershell.exe -EncodedCommand %.*s", STR_ARG(encoded)));
}
