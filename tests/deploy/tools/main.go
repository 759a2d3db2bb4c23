// Command tools is helm and kubectl (with kustomize in it) in one program, each as a subcommand, built
// from their own Go modules: the libraries they share are compiled and linked once. A third one turns
// Kubernetes manifests into JSON, for jq.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	helm "helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
)

const usage = `usage: tools helm [arguments]
       tools kubectl [arguments]
       tools json <MANIFESTS    the objects as one JSON list
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	// Each program reads os.Args itself and must find its own name in front.
	os.Args = os.Args[1:]
	switch os.Args[0] {
	case "helm":
		os.Exit(runHelm())
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "json":
		if err := printJSON(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "tools json:", err)
			os.Exit(1)
		}
	default:
		fmt.Fprintf(os.Stderr, "tools: unknown subcommand %q\n%s", os.Args[0], usage)
		os.Exit(2)
	}
}

// runHelm returns helm's exit status. Helm prints its errors itself.
func runHelm() int {
	kube.ManagedFieldsManager = "helm"
	command, err := helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = command.Execute()
	var failed helm.CommandError
	if errors.As(err, &failed) {
		return failed.ExitCode
	}
	if err != nil {
		return 1
	}
	return 0
}

// printJSON reads documents of YAML or JSON and writes a list of those that are not empty.
func printJSON(in io.Reader, out io.Writer) error {
	objects := []any{}
	decoder := yaml.NewYAMLOrJSONDecoder(in, 4096)
	for {
		var object map[string]any
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return json.NewEncoder(out).Encode(objects)
		}
		if err != nil {
			return err
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
}
