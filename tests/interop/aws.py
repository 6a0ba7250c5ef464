"""What data sources of the plugin "amazon" return, against what boto3 sees of the same moto."""
import json
import logging
import os
import pathlib
import subprocess
import sys

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)

PROGRAM, WORK = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
REGION = "eu-west-1"
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
AMI = """
data "amazon-ami" "x" {
  region      = "eu-west-1"
  owners      = [%s]
  most_recent = true
  filters     = { %s }
}
locals {
  text = jsonencode(data.amazon-ami.x)
}
"""
PARAMETER = """
data "amazon-parameterstore" "x" {
  region = "eu-west-1"
  name   = "%s"
}
locals {
  text = jsonencode(data.amazon-parameterstore.x)
}
"""
BUILD = """
source "null" "a" {
  communicator = "none"
}
build {
  sources = ["source.null.a"]
}
"""
wrong = 0


def ask(endpoint, template):
    """What the data source returns, as an object."""
    directory = WORK / "template"
    directory.mkdir(exist_ok=True)
    (directory / "t.pkr.hcl").write_text(template + BUILD)
    environment = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": endpoint,
                   "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", ""),
                   "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    done = subprocess.run([PROGRAM, "console", "--evaluate-datasources", "-e", "local.text", "t.pkr.hcl"],
                          cwd=directory, env=environment, capture_output=True, timeout=120)
    if done.returncode != 0:
        return done.stderr.decode()
    text = done.stdout.decode().strip()
    try:
        return json.loads(text)
    except ValueError:
        return text + done.stderr.decode()


def check(what, got, want):
    global wrong
    if got == want:
        print(f"ok {what}")
        return
    wrong += 1
    print(f"FAILED {what}: {got!r}, not {want!r}")


def newest(images):
    i = max(images, key=lambda i: (i["CreationDate"], i["ImageId"]))
    return {"id": i["ImageId"], "name": i["Name"], "creation_date": i["CreationDate"], "owner": i["OwnerId"],
            "owner_name": i.get("ImageOwnerAlias", ""),
            "tags": {t["Key"]: t["Value"] for t in i.get("Tags", [])}}


def check_images(endpoint):
    ec2 = boto3.client("ec2", region_name=REGION, endpoint_url=endpoint, **KEYS)
    for n in range(30):
        image = ec2.register_image(Name=f"own-{n}")["ImageId"]
        ec2.create_tags(Resources=[image], Tags=[{"Key": "n", "Value": f"n-{n}"},
                                                 {"Key": "note", "Value": " <&> \"'"}])
    cases = [("of oneself", '"self"', 'name = "own-7"', ["self"], {"name": ["own-7"]}),
             ("of several names", '"self"', 'name = "own-3,own-4"', ["self"], {"name": ["own-3", "own-4"]}),
             ("by a tag", '"self"', '"tag:n" = "n-12"', ["self"], {"tag:n": ["n-12"]}),
             ("of others", '"amazon"', 'name = "amzn2-ami-hvm-2.0.*-x86_64-gp2"\nvirtualization-type = "hvm"',
              ["amazon"], {"name": ["amzn2-ami-hvm-2.0.*-x86_64-gp2"], "virtualization-type": ["hvm"]})]
    for what, owners, filters, their_owners, their_filters in cases:
        found = ec2.describe_images(Owners=their_owners, Filters=[{"Name": k, "Values": v}
                                                                  for k, v in their_filters.items()])["Images"]
        check(f"image {what}, of {len(found)}", ask(endpoint, AMI % (owners, filters)), newest(found))


def check_parameters(endpoint):
    ssm = boto3.client("ssm", region_name=REGION, endpoint_url=endpoint, **KEYS)
    ssm.put_parameter(Name="/image/base", Value="a \"quoted\" value", Type="String")
    ssm.put_parameter(Name="/image/base", Value="second", Type="String", Overwrite=True)
    p = ssm.get_parameter(Name="/image/base")["Parameter"]
    check("parameter", ask(endpoint, PARAMETER % "/image/base"),
          {"value": p["Value"], "version": str(p["Version"]), "arn": p["ARN"]})


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        check_images(f"http://127.0.0.1:{port}")
        check_parameters(f"http://127.0.0.1:{port}")
    finally:
        server.stop()
    return 1 if wrong else 0


sys.exit(main())
