package annotations_test

import (
	"fmt"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/annotations"
)

// The annotations of a Pod that uses one image cache, as the configuration of super nodes takes
// them.
func ExampleEKSConfig() {
	text, err := annotations.EKSConfig(annotations.PinTo("imc-4a2bk9xw"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	// Output: eks.tke.cloud.tencent.com/use-image-cache: "imc-4a2bk9xw"
}
