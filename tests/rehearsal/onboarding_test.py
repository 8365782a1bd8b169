"""Sets up a connection in the rehearsal AWS as a person would: the AWS CLI, a CloudFormation template, its
quick-create page, a stack set for member accounts; then lets the clock run."""
import html.parser
import json
import pathlib
import tempfile
import unittest
import urllib.parse
import urllib.request

import rehearsal

rehearsal.use_installed_clients()

from botocore.exceptions import ClientError  # noqa: E402

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": {"Ref": "PlatformPrincipalArn"}}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}}]},
        "Policies": [{"PolicyName": "billing", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]},
             "Condition": {"Fn::If": ["HasPrefix", {"StringLike": {"s3:prefix": [{"Ref": "Prefix"}, {"Fn::Sub": "${Prefix}/*"}]}}, {"Ref": "AWS::NoValue"}]}},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Bucket.Arn}/*"}},
            {"Effect": "Allow", "Action": ["bcm-data-exports:ListExports", "bcm-data-exports:GetExport", "bcm-data-exports:ListExecutions"], "Resource": "*"},
            {"Fn::If": ["Explorer", {"Effect": "Allow", "Action": "ce:GetCostAndUsage", "Resource": "*"}, {"Ref": "AWS::NoValue"}]}]}}],
    },
}
TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A bucket, a data export and a role that reads them",
    "Parameters": {
        "PlatformPrincipalArn": {"Type": "String", "AllowedPattern": r"^arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+$"},
        "ExternalId": {"Type": "String", "MinLength": 16},
        "Prefix": {"Type": "String", "Default": "exports"},
        "AllowCostExplorer": {"Type": "String", "Default": "yes", "AllowedValues": ["yes", "no"]},
    },
    "Conditions": {
        "HasPrefix": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Prefix"}, ""]}]},
        "Explorer": {"Fn::Equals": [{"Ref": "AllowCostExplorer"}, "yes"]},
    },
    "Resources": {
        "Role": ROLE,
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True}}},
        "BucketPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"]},
                 "Action": ["s3:PutObject", "s3:GetBucketPolicy"],
                 "Resource": [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}],
                 "Condition": {"StringLike": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": [
                     {"Fn::Sub": "arn:${AWS::Partition}:bcm-data-exports:us-east-1:${AWS::AccountId}:export/*"}]}}},
                {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}},
        "Export": {"Type": "AWS::BCMDataExports::Export", "DependsOn": "BucketPolicy", "Properties": {"Export": {
            "Name": "platform",
            "DataQuery": {"QueryStatement": "SELECT * FROM COST_AND_USAGE_REPORT", "TableConfigurations": {
                "COST_AND_USAGE_REPORT": {"TIME_GRANULARITY": "HOURLY", "INCLUDE_RESOURCES": "TRUE"}}},
            "DestinationConfigurations": {"S3Destination": {
                "S3Bucket": {"Ref": "Bucket"}, "S3Prefix": {"Ref": "Prefix"}, "S3Region": {"Ref": "AWS::Region"},
                "S3OutputConfigurations": {"OutputType": "CUSTOM", "Format": "PARQUET", "Compression": "PARQUET", "Overwrite": "OVERWRITE_REPORT"}}},
            "RefreshCadence": {"Frequency": "SYNCHRONOUS"}}}},
    },
    "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}, "BucketName": {"Value": {"Ref": "Bucket"}}},
}
EXTERNAL_ID = "0123456789abcdef-external"


class FormReader(html.parser.HTMLParser):
    """What a browser would send for the one form of a page."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.ticks, self.text = {}, {}, page
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "input" and values.get("type") == "checkbox":
            self.ticks[values["name"]] = values["value"]
        elif tag == "input":
            self.fields[values["name"]] = values.get("value", "")


class OnboardingTest(unittest.TestCase):
    def setUp(self):
        self.aws = rehearsal.Rehearsal("--exports", "none")
        self.addCleanup(self.aws.__exit__)
        self.platform = self.aws.facts["platform"]
        self.parameters = {"PlatformPrincipalArn": self.platform["arn"], "ExternalId": EXTERNAL_ID}

    def outputs(self, name):
        stack = self.aws.cli("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE", stack)
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def template_file(self, template):
        file = tempfile.NamedTemporaryFile("w", suffix=".json")
        self.addCleanup(file.close)
        json.dump(template, file)
        file.flush()
        return file.name

    def check_connection(self, outputs):
        """The platform enters the role, waits for the first delivery and reads it."""
        sts = self.aws.client("sts", self.platform)
        with self.assertRaises(ClientError):
            sts.assume_role(RoleArn=outputs["RoleArn"], RoleSessionName="farthing")
        session = sts.assume_role(RoleArn=outputs["RoleArn"], RoleSessionName="farthing", ExternalId=EXTERNAL_ID)["Credentials"]
        exports = self.aws.session_client("bcm-data-exports", session)
        arn = exports.list_exports()["Exports"][0]["ExportArn"]
        self.assertEqual(exports.list_executions(ExportArn=arn)["Executions"], [], "the first delivery takes up to a day")
        self.aws.command("advance", by="3d")
        self.assertTrue(exports.list_executions(ExportArn=arn)["Executions"])
        s3 = self.aws.session_client("s3", session)
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket=outputs["BucketName"], Prefix="exports/")["Contents"]]
        self.assertTrue(any(key.endswith("Manifest.json") for key in keys), keys)
        parquet = next(key for key in keys if key.endswith(".parquet"))
        self.assertEqual(s3.get_object(Bucket=outputs["BucketName"], Key=parquet)["Body"].read(4), b"PAR1")
        with self.assertRaises(ClientError):
            s3.list_objects_v2(Bucket=outputs["BucketName"])  # outside the prefix

    def test_with_the_command_line(self):
        words = ["cloudformation", "create-stack", "--stack-name", "billing", "--template-body", "file://" + self.template_file(TEMPLATE),
                 "--parameters", *(f"ParameterKey={name},ParameterValue={value}" for name, value in self.parameters.items())]
        refused = self.aws.cli(*words, check=False)
        self.assertIn("InsufficientCapabilitiesException", refused.stderr)
        self.aws.cli(*words, "--capabilities", "CAPABILITY_IAM")
        self.check_connection(self.outputs("billing"))
        events = self.aws.cli("cloudformation", "describe-stack-events", "--stack-name", "billing")["StackEvents"]
        self.assertEqual(events[0]["ResourceStatus"], "CREATE_COMPLETE")
        resources = self.aws.cli("cloudformation", "describe-stack-resources", "--stack-name", "billing")["StackResources"]
        self.assertEqual(len(resources), 4)
        order = [each["LogicalResourceId"] for each in resources]
        self.assertLess(order.index("BucketPolicy"), order.index("Export"))

    def test_with_deploy(self):
        self.aws.cli("cloudformation", "deploy", "--stack-name", "billing", "--template-file", self.template_file(TEMPLATE),
                     "--capabilities", "CAPABILITY_IAM", "--parameter-overrides", *(f"{name}={value}" for name, value in self.parameters.items()))
        self.check_connection(self.outputs("billing"))

    def policy_of(self, role_arn):
        name = role_arn.rsplit("/", 1)[1]
        found = self.aws.cli("iam", "get-role-policy", "--role-name", name, "--policy-name", "billing")["PolicyDocument"]
        return {action for statement in found["Statement"]
                for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])}

    def changed(self, action):
        """The template with one action more in the role's policy."""
        template = json.loads(json.dumps(TEMPLATE))
        document = template["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
        document["Statement"][1]["Action"] = ["s3:GetObject", action]
        return template

    def test_an_update_changes_the_roles_policy_and_keeps_the_rest(self):
        words = ["--stack-name", "billing", "--capabilities", "CAPABILITY_IAM"]
        kept = ["--parameters", *(f"ParameterKey={name},UsePreviousValue=true" for name in self.parameters)]
        self.aws.cli("cloudformation", "create-stack", *words, "--template-body", "file://" + self.template_file(TEMPLATE),
                     "--parameters", *(f"ParameterKey={name},ParameterValue={value}" for name, value in self.parameters.items()))
        before = self.outputs("billing")
        role_id = self.aws.cli("iam", "get-role", "--role-name", before["RoleArn"].rsplit("/", 1)[1])["Role"]["RoleId"]
        same = self.aws.cli("cloudformation", "update-stack", *words, "--use-previous-template", *kept, check=False)
        self.assertIn("No updates are to be performed", same.stderr)

        self.aws.cli("cloudformation", "update-stack", *words, "--template-body",
                     "file://" + self.template_file(self.changed("s3:GetObjectTagging")), *kept)
        self.aws.cli("cloudformation", "wait", "stack-update-complete", "--stack-name", "billing")
        stack = self.aws.cli("cloudformation", "describe-stacks", "--stack-name", "billing")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "UPDATE_COMPLETE")
        self.assertEqual({each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}, before)
        self.assertIn("s3:GetObjectTagging", self.policy_of(before["RoleArn"]))
        self.assertEqual(self.aws.cli("iam", "get-role", "--role-name", before["RoleArn"].rsplit("/", 1)[1])["Role"]["RoleId"], role_id)
        events = self.aws.cli("cloudformation", "describe-stack-events", "--stack-name", "billing")["StackEvents"]
        updated = [each["LogicalResourceId"] for each in events if each["ResourceStatus"] == "UPDATE_COMPLETE"]
        self.assertEqual(updated, ["billing", "Role"])

        # A parameter alone, with the template that is there.
        self.aws.cli("cloudformation", "update-stack", *words, "--use-previous-template", *kept, "ParameterKey=AllowCostExplorer,ParameterValue=no")
        self.assertNotIn("ce:GetCostAndUsage", self.policy_of(before["RoleArn"]))
        # A resource that the template no longer has goes, unless it is to be kept.
        less = self.changed("s3:GetObjectTagging")
        less["Resources"].pop("Role")
        less["Outputs"].pop("RoleArn")
        self.aws.cli("cloudformation", "update-stack", *words, "--template-body", "file://" + self.template_file(less), *kept)
        self.assertEqual(self.aws.client("iam").list_roles()["Roles"], [])

    def test_deploying_again_updates(self):
        def deploy(template):
            return self.aws.cli("cloudformation", "deploy", "--stack-name", "billing", "--template-file", self.template_file(template),
                                "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", "--parameter-overrides",
                                *(f"{name}={value}" for name, value in self.parameters.items()), check=False)
        self.assertEqual(deploy(TEMPLATE).returncode, 0)
        again = deploy(TEMPLATE)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("No changes to deploy", again.stdout + again.stderr)
        changed = deploy(self.changed("s3:GetObjectTagging"))
        self.assertEqual(changed.returncode, 0, changed.stderr)
        stack = self.aws.client("cloudformation").describe_stacks(StackName="billing")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "UPDATE_COMPLETE")
        role = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}["RoleArn"]
        self.assertIn("s3:GetObjectTagging", self.policy_of(role))

    def test_an_update_that_fails_puts_everything_back(self):
        client = self.aws.client("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        client.create_stack(StackName="billing", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"], Parameters=given)
        before = self.outputs("billing")
        actions = self.policy_of(before["RoleArn"])
        broken = self.changed("s3:GetObjectTagging")
        query = broken["Resources"]["Export"]["Properties"]["Export"]["DataQuery"]
        query["QueryStatement"] = "SELECT no_such_column FROM COST_AND_USAGE_REPORT"
        client.update_stack(StackName="billing", TemplateBody=json.dumps(broken), Capabilities=["CAPABILITY_IAM"], Parameters=given)
        stack = client.describe_stacks(StackName="billing")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("Export", stack["StackStatusReason"])
        self.assertEqual(self.policy_of(before["RoleArn"]), actions)
        with self.assertRaises(ClientError) as refused:
            client.update_stack(StackName="other", TemplateBody=json.dumps(TEMPLATE))
        self.assertIn("does not exist", str(refused.exception))

    def test_with_the_quick_create_page(self):
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="t.json", Body=json.dumps(TEMPLATE).encode())
        link = urllib.parse.urlencode({"templateURL": f"{self.aws.endpoint}/templates/t.json", "stackName": "quick",
                                       "param_Unknown": "x", **{f"param_{name}": value for name, value in self.parameters.items()}})
        with urllib.request.urlopen(f"{self.aws.endpoint}/cloudformation/home?region=us-east-1") as page:
            self.assertIn("#/stacks/create/review?", page.read().decode())
        with urllib.request.urlopen(f"{self.aws.endpoint}/cloudformation/home/review?{link}") as page:
            form = FormReader(page.read().decode())
        self.assertIn("AWS::BCMDataExports::Export", form.text)
        self.assertEqual(form.fields["param_ExternalId"], EXTERNAL_ID)
        self.assertNotIn("param_Unknown", form.fields)

        def create(fields):
            body = urllib.parse.urlencode(fields).encode()
            try:
                with urllib.request.urlopen(f"{self.aws.endpoint}/cloudformation/home/create", body) as page:
                    return page.read().decode()
            except urllib.error.HTTPError as refused:
                with refused:
                    return refused.read().decode()

        self.assertIn("Requires capabilities", create(form.fields))
        self.assertIn("CREATE_COMPLETE", create({**form.fields, **form.ticks}))
        self.check_connection(self.outputs("quick"))

    def test_a_failing_resource_rolls_back(self):
        broken = json.loads(json.dumps(TEMPLATE))
        statements = broken["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        statements[0]["Principal"] = {"Service": "bcm-data-exports.amazonaws.com"}
        broken["Resources"]["Bucket"].pop("DeletionPolicy")
        client = self.aws.client("cloudformation")
        client.create_stack(StackName="broken", TemplateBody=json.dumps(broken), Capabilities=["CAPABILITY_IAM"],
                            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()])
        stack = client.describe_stacks(StackName="broken")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "ROLLBACK_COMPLETE")
        self.assertIn("Export", stack["StackStatusReason"])
        self.assertEqual(self.aws.client("iam").list_roles()["Roles"], [])
        self.assertEqual(self.aws.client("s3").list_buckets()["Buckets"], [])

    def test_templates_are_checked(self):
        client = self.aws.client("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        for change, parameters, words in [
            ({}, [{"ParameterKey": "ExternalId", "ParameterValue": EXTERNAL_ID}], "must have values"),
            ({}, given + [{"ParameterKey": "Other", "ParameterValue": "x"}], "do not exist in the template"),
            ({}, [given[0], {"ParameterKey": "ExternalId", "ParameterValue": "short"}], "at least 16"),
            ({"Resources": {"R": {"Type": "AWS::IAM::Role", "DependsOn": ["Nothing"]}}}, given, "Unresolved resource dependencies"),
        ]:
            with self.subTest(words), self.assertRaises(ClientError) as refused:
                client.create_stack(StackName="x", TemplateBody=json.dumps({**TEMPLATE, **change}), Capabilities=["CAPABILITY_IAM"], Parameters=parameters)
            self.assertIn(words, str(refused.exception))

    def test_reports_stand_in_one_region_only(self):
        client = self.aws.client("cloudformation", region="eu-west-1")
        client.create_stack(StackName="west", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"],
                            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()])
        stack = client.describe_stacks(StackName="west")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "ROLLBACK_COMPLETE")
        self.assertIn("Unrecognized resource types: [AWS::BCMDataExports::Export]", stack["StackStatusReason"])

    def test_member_accounts_through_a_stack_set(self):
        member = {
            "Parameters": {"PlatformPrincipalArn": {"Type": "String"}, "ExternalId": {"Type": "String"}},
            "Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {
                "RoleName": "platform-discovery",
                "AssumeRolePolicyDocument": ROLE["Properties"]["AssumeRolePolicyDocument"],
                "Policies": [{"PolicyName": "discovery", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "ec2:DescribeRegions", "Resource": "*"}]}}]}}},
        }
        template = {
            "Parameters": {**member["Parameters"], "TargetIds": {"Type": "CommaDelimitedList"}},
            "Resources": {"Members": {"Type": "AWS::CloudFormation::StackSet", "Properties": {
                "StackSetName": "platform-discovery", "PermissionModel": "SERVICE_MANAGED", "Capabilities": ["CAPABILITY_NAMED_IAM"],
                "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
                "Parameters": [{"ParameterKey": name, "ParameterValue": {"Ref": name}} for name in member["Parameters"]],
                "StackInstancesGroup": [{"DeploymentTargets": {"OrganizationalUnitIds": {"Ref": "TargetIds"}}, "Regions": ["us-east-1"]}],
                "TemplateBody": json.dumps(member)}}},
        }
        root = self.aws.client("organizations").list_roots()["Roots"][0]["Id"]
        client = self.aws.client("cloudformation")
        client.create_stack(StackName="members", TemplateBody=json.dumps(template), Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in {**self.parameters, "TargetIds": root}.items()])
        self.assertEqual(client.describe_stacks(StackName="members")["Stacks"][0]["StackStatus"], "CREATE_COMPLETE")
        sts = self.aws.client("sts", self.platform)
        for account in self.aws.command("state")["accounts"]:
            roles = [arn.rsplit("/", 1)[1] for arn in account["roles"]]
            linked = account["unit"] and account["id"] != self.aws.payer
            self.assertEqual(roles, ["platform-discovery"] if linked else [], account["name"])
            if linked:
                session = sts.assume_role(RoleArn=account["roles"][0], RoleSessionName="farthing", ExternalId=EXTERNAL_ID)["Credentials"]
                self.aws.session_client("ec2", session).describe_regions()

        organizations = self.aws.client("organizations")
        unit = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"][0]["Id"]
        inside = self.accounts_below(organizations, unit)
        self.assertTrue(inside and inside < self.accounts_with_roles())
        client.update_stack(StackName="members", UsePreviousTemplate=True, Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in {**self.parameters, "TargetIds": unit}.items()])
        self.assertEqual(client.describe_stacks(StackName="members")["Stacks"][0]["StackStatus"], "UPDATE_COMPLETE")
        self.assertEqual(self.accounts_with_roles(), inside)
        client.delete_stack(StackName="members")
        self.assertEqual(self.accounts_with_roles(), set())

    def accounts_below(self, organizations, parent):
        """Those of a unit and of the units in it: a stack set takes them all."""
        found = {account["Id"] for page in organizations.get_paginator("list_accounts_for_parent").paginate(ParentId=parent)
                 for account in page["Accounts"]}
        for unit in organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]:
            found |= self.accounts_below(organizations, unit["Id"])
        return found

    def accounts_with_roles(self):
        return {account["id"] for account in self.aws.command("state")["accounts"] if account["roles"]}

    def test_a_user_with_its_policies(self):
        """What a connection with access keys has made for it."""
        billing = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "cur:DescribeReportDefinitions", "Resource": "*"}]}
        template = {"Resources": {
            "User": {"Type": "AWS::IAM::User", "Properties": {"UserName": "reader", "Policies": [
                {"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Action": "ec2:DescribeRegions", "Resource": "*"}]}}]}},
            "Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Users": [{"Ref": "User"}], "PolicyDocument": billing}}},
            "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["User", "Arn"]}}}}
        client, iam = self.aws.client("cloudformation"), self.aws.client("iam")
        client.create_stack(StackName="keys", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
        stack = client.describe_stacks(StackName="keys")["Stacks"][0]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
        self.assertEqual(stack["Outputs"][0]["OutputValue"], f"arn:aws:iam::{self.aws.payer}:user/reader")
        self.assertEqual(iam.list_user_policies(UserName="reader")["PolicyNames"], ["inline"])
        attached = iam.list_attached_user_policies(UserName="reader")["AttachedPolicies"]
        self.assertEqual(len(attached), 1)
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        keys = {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
        self.assertEqual(self.aws.client("cur", keys).describe_report_definitions()["ReportDefinitions"], [])
        template["Resources"]["User"]["Properties"]["Policies"] = []
        client.update_stack(StackName="keys", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
        self.assertEqual(iam.list_user_policies(UserName="reader")["PolicyNames"], [])
        iam.delete_access_key(UserName="reader", AccessKeyId=key["AccessKeyId"])
        client.delete_stack(StackName="keys")
        self.assertNotIn("reader", [user["UserName"] for user in iam.list_users()["Users"]])
        with self.assertRaises(iam.exceptions.NoSuchEntityException):
            iam.get_policy(PolicyArn=attached[0]["PolicyArn"])

    def test_a_role_by_hand(self):
        """What a person types who follows a guide with the AWS CLI."""
        aws = self.aws.cli
        aws("s3", "mb", "s3://typed-bucket")
        aws("iam", "create-role", "--role-name", "Typed", "--assume-role-policy-document", rehearsal.trust(self.platform["arn"], EXTERNAL_ID))
        aws("iam", "put-role-policy", "--role-name", "Typed", "--policy-name", "p", "--policy-document", rehearsal.allow("s3:ListBucket"))
        arn = aws("iam", "get-role", "--role-name", "Typed")["Role"]["Arn"]
        file = pathlib.Path(tempfile.mkdtemp()) / "object"
        self.addCleanup(lambda: (file.unlink(), file.parent.rmdir()))
        file.write_bytes(b"content" * 1000)
        aws("s3", "cp", str(file), "s3://typed-bucket/folder/object", "--no-progress")
        file.unlink()
        aws("s3", "cp", "s3://typed-bucket/folder/object", str(file), "--no-progress")
        self.assertEqual(file.read_bytes(), b"content" * 1000)
        session = aws("sts", "assume-role", "--role-arn", arn, "--role-session-name", "rehearsal", "--external-id", EXTERNAL_ID, keys=self.platform)
        self.assertTrue(session["Credentials"]["SessionToken"])
        self.assertEqual(aws("cur", "describe-report-definitions")["ReportDefinitions"], [])
        costs = aws("ce", "get-cost-and-usage", "--time-period", f"Start={rehearsal.CLOCK:%Y-%m}-01,End={rehearsal.CLOCK:%Y-%m-%d}",
                    "--granularity", "MONTHLY", "--metrics", "UnblendedCost")
        self.assertIn("Amount", costs["ResultsByTime"][0]["Total"]["UnblendedCost"])


if __name__ == "__main__":
    unittest.main()
