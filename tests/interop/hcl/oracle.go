// Command oracle tells what HashiCorp's own HCL library makes of files and expressions.
//
//	oracle files        paths on standard input, one a line
//	oracle expressions  expressions on standard input, one a line
//
// It answers with one JSON object a line, in the same order.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/hashicorp/go-cty-funcs/collection"
	"github.com/hashicorp/go-cty-funcs/crypto"
	"github.com/hashicorp/go-cty-funcs/encoding"
	"github.com/hashicorp/go-cty-funcs/filesystem"
	"github.com/hashicorp/go-cty-funcs/uuid"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type answer struct {
	OK        bool            `json:"ok"`
	Error     string          `json:"error,omitempty"`
	Formatted string          `json:"formatted,omitempty"`
	Value     json.RawMessage `json:"value,omitempty"`
}

func failed(diags hcl.Diagnostics) *answer {
	if !diags.HasErrors() {
		return nil
	}
	return &answer{Error: diags.Error()}
}

func file(path string) answer {
	src, err := os.ReadFile(path)
	if err != nil {
		return answer{Error: err.Error()}
	}
	_, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if a := failed(diags); a != nil {
		return *a
	}
	return answer{OK: true, Formatted: string(hclwrite.Format(src))}
}

// The functions that come from the libraries, under the names that Packer gives them.
var functions = map[string]function.Function{
	"abs": stdlib.AbsoluteFunc, "can": tryfunc.CanFunc, "ceil": stdlib.CeilFunc,
	"chomp": stdlib.ChompFunc, "chunklist": stdlib.ChunklistFunc,
	"base64decode": encoding.Base64DecodeFunc, "base64encode": encoding.Base64EncodeFunc,
	"basename": filesystem.BasenameFunc, "cidrhost": cidr.HostFunc,
	"cidrnetmask": cidr.NetmaskFunc, "cidrsubnet": cidr.SubnetFunc,
	"cidrsubnets": cidr.SubnetsFunc, "convert": typeexpr.ConvertFunc,
	"dirname": filesystem.DirnameFunc, "lookup": stdlib.LookupFunc, "md5": crypto.Md5Func,
	"sha1": crypto.Sha1Func, "sha256": crypto.Sha256Func, "sha512": crypto.Sha512Func,
	"urlencode": encoding.URLEncodeFunc, "uuidv5": uuid.V5Func,
	"yamldecode": ctyyaml.YAMLDecodeFunc, "yamlencode": ctyyaml.YAMLEncodeFunc,
	"coalesce": collection.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc,
	"compact": stdlib.CompactFunc, "concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc,
	"csvdecode": stdlib.CSVDecodeFunc, "distinct": stdlib.DistinctFunc,
	"element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc, "floor": stdlib.FloorFunc,
	"format": stdlib.FormatFunc, "formatdate": stdlib.FormatDateFunc,
	"formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc, "join": stdlib.JoinFunc,
	"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
	"keys": stdlib.KeysFunc, "log": stdlib.LogFunc, "lower": stdlib.LowerFunc,
	"max": stdlib.MaxFunc, "merge": stdlib.MergeFunc, "min": stdlib.MinFunc,
	"parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc, "range": stdlib.RangeFunc,
	"regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
	"regex_replace": stdlib.RegexReplaceFunc, "replace": stdlib.ReplaceFunc,
	"reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc,
	"setproduct": stdlib.SetProductFunc, "setunion": stdlib.SetUnionFunc,
	"signum": stdlib.SignumFunc, "slice": stdlib.SliceFunc, "sort": stdlib.SortFunc,
	"split": stdlib.SplitFunc, "strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc,
	"timeadd": stdlib.TimeAddFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc,
	"trimprefix": stdlib.TrimPrefixFunc, "trimspace": stdlib.TrimSpaceFunc,
	"trimsuffix": stdlib.TrimSuffixFunc, "try": tryfunc.TryFunc, "upper": stdlib.UpperFunc,
	"values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,
}

func expression(text string) answer {
	e, diags := hclsyntax.ParseExpression([]byte(text), "expression", hcl.InitialPos)
	if a := failed(diags); a != nil {
		return *a
	}
	value, diags := e.Value(&hcl.EvalContext{Functions: functions})
	if a := failed(diags); a != nil {
		return *a
	}
	if !value.IsWhollyKnown() {
		return answer{Error: "not known"}
	}
	out, err := ctyjson.Marshal(value, cty.DynamicPseudoType)
	if err != nil {
		return answer{Error: err.Error()}
	}
	if !json.Valid(out) {
		return answer{Error: "infinite"}
	}
	// {"value": ..., "type": ...}
	return answer{OK: true, Value: out}
}

func main() {
	kinds := map[string]func(string) answer{"files": file, "expressions": expression}
	if len(os.Args) != 2 || kinds[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: oracle files|expressions")
		os.Exit(2)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		if err := out.Encode(kinds[os.Args[1]](in.Text())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
